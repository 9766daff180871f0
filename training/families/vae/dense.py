"""Fully connected layers down and up, as in the first VAEs, trained by a weighted sum of losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from training.families.settings import FLOAT, Size, TrainedSettings
from training.families.vae import VAE, ClassAwareObjective, ClassAwareSettings, start_vae, train_vae
from training.learning.cases import Pool
from training.learning.loop import History
from training.learning.losses import (
    ClusteringLoss,
    compute_contrastive_loss,
    compute_divergence,
    compute_error,
    compute_warm_up,
)
from training.learning.run import Run
from training.settings import Bounds

LOG_VARIANCE_BOUND = 8.0

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "elu": nn.ELU, "tanh": nn.Tanh}

MARGIN = 0.1
"""Of a sigmoid output beyond the least and the greatest training value, as a share of their difference."""

CLUSTERING_START = 0.3
"""The share of the steps after which codes are clustered; before, they mean too little to be."""


@dataclass(frozen=True)
class Settings(ClassAwareSettings):
    """Fully connected layers down and up, trained by a weighted sum of losses."""

    width: Annotated[int, Bounds(ge=1, le=4096)] = 256
    """Width of a hidden layer."""
    depth: Annotated[int, Bounds(ge=1, le=16)] = 2
    """Hidden layers of the encoder, and again of the decoder."""
    activation: Literal["relu", "gelu", "elu", "tanh"] = "gelu"
    """What follows a hidden layer."""
    output: Literal["linear", "sigmoid"] = "linear"
    """sigmoid: no value is decoded that lies a tenth of a channel's range beyond those of the training cases."""
    class_learning_rate: Annotated[float, Bounds(gt=0)] = 3e-3
    """Peak learning rate of the classifier on the latent code; that of the VAE is --vae.learning-rate."""
    error_weight: Annotated[float, Bounds(ge=0)] = 1.0
    """Weight of the mean squared error of reconstructions."""
    free_bits: Annotated[float, Bounds(ge=0)] = 0.0
    """Nats that every latent dimension may hold before the KL term counts them."""
    contrastive_weight: Annotated[float, Bounds(ge=0)] = 0.0
    """Weight of the pairwise contrastive loss on the codes; 0: none."""
    contrastive_margin: Annotated[float, Bounds(gt=0)] = 1.0
    """Distance up to which codes of different classes are driven apart."""
    clustering_weight: Annotated[float, Bounds(ge=0)] = 0.0
    """Weight of the clustering loss of DEC on the codes, which takes no labels; 0: none."""
    n_clusters: Annotated[int, Bounds(ge=2, le=1000)] = 8
    """Centres of the clustering loss."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        flat = size.n_channels * size.n_timepoints
        weights = self.width * (2 * flat + 3 * self.latent_dim + 2 * (self.depth - 1) * self.width)
        yield (
            2 * weights * FLOAT,  # in the graphs, and again in weights.npz
            f"for {self.depth} layers of {self.width} on {flat} values (set a smaller --vae.width, or fewer "
            "--working-timepoints)",
        )


class DenseVAE(VAE):
    """Kingma & Welling, 2014, with hidden layers that see all timepoints of all channels."""

    low: Tensor
    span: Tensor

    def __init__(self, size: Size, settings: Settings) -> None:
        super().__init__()
        self.shape, self.latent_dim = (size.n_channels, size.n_timepoints), settings.latent_dim
        flat, hidden = size.n_channels * size.n_timepoints, [settings.width] * settings.depth
        self.down = _stack([flat, *hidden], settings.activation)
        self.posterior = nn.Linear(settings.width, 2 * settings.latent_dim)
        self.up = _stack([settings.latent_dim, *hidden], settings.activation)
        self.out = nn.Linear(settings.width, flat)
        self.bounded = settings.output == "sigmoid"
        if self.bounded:
            self.register_buffer("low", torch.zeros(size.n_channels, 1))
            self.register_buffer("span", torch.ones(size.n_channels, 1))

    def set_bounds(self, series: Tensor) -> None:
        """Fit the affine map from a sigmoid's 0 … 1 to standardised values, a channel each, to training `series`."""
        low, high = series.amin(dim=(0, 2))[:, None], series.amax(dim=(0, 2))[:, None]
        self.low, self.span = low - MARGIN * (high - low), (1 + 2 * MARGIN) * (high - low)

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.posterior(self.down(series.flatten(1))).chunk(2, dim=-1)
        return mean, log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def decode(self, latent: Tensor) -> Tensor:
        values: Tensor = self.out(self.up(latent)).reshape(-1, *self.shape)
        return self.low + self.span * torch.sigmoid(values) if self.bounded else values


def _stack(widths: list[int], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width_in, width in pairwise(widths):
        layers += [nn.Linear(width_in, width), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


class DenseObjective(ClassAwareObjective):
    """The weighted sum of the losses that `Settings` names; one of weight 0 is not computed."""

    def __init__(self, model: DenseVAE, cases: Pool, settings: Settings, seed: int) -> None:
        super().__init__(model, cases, settings, seed)
        self._dense, self._seed = settings, seed
        clustered = settings.clustering_weight > 0
        self.clustering = ClusteringLoss(settings.n_clusters, settings.latent_dim) if clustered else None

    def build_optimizer(self, settings: TrainedSettings, steps: int) -> tuple[Optimizer, LRScheduler]:
        own = [*self.vae.parameters(), *(self.clustering.parameters() if self.clustering else ())]
        peaks = [settings.learning_rate, self._dense.class_learning_rate]
        groups = [{"params": own, "lr": peaks[0]}, {"params": list(self.head.parameters()), "lr": peaks[1]}]
        optimizer = AdamW(groups, weight_decay=settings.weight_decay, fused=True)
        return optimizer, OneCycleLR(optimizer, peaks, total_steps=steps + 1)

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        settings, class_index = self._dense, self.cases.class_index[index]
        series, counted = self.warp_batch(index)
        reconstruction, latent, mean, log_variance = self.vae(series, self.draw_noise(series))
        parts = {
            "error": compute_error(reconstruction, series, counted),
            "kl": compute_divergence(mean, log_variance, settings.free_bits),
            "class": functional.cross_entropy(self.head(latent), class_index),
        }
        warm = compute_warm_up(progress, settings.kl_warm_up)
        weights = {"error": settings.error_weight, "kl": warm * settings.kl_weight, "class": settings.class_weight}
        if settings.contrastive_weight:
            parts["contrastive"] = compute_contrastive_loss(mean, class_index, settings.contrastive_margin)
            weights["contrastive"] = settings.contrastive_weight
        if self.clustering is not None:
            parts["clustering"] = self._cluster(self.clustering, mean, progress)
            weights["clustering"] = settings.clustering_weight
        return torch.stack([weights[name] * part for name, part in parts.items()]).sum(), parts

    def _cluster(self, clustering: ClusteringLoss, mean: Tensor, progress: float) -> Tensor:
        """The clustering loss of a batch's codes, from CLUSTERING_START on."""
        if progress < CLUSTERING_START:
            return torch.zeros((), device=mean.device)
        if not clustering.begun:
            with torch.no_grad():
                codes, _ = self.vae.encode(self.cases.series)
            clustering.begin(codes, self._seed)
        loss: Tensor = clustering(mean)
        return loss


def build(size: Size, settings: Settings) -> DenseVAE:
    """See `training.families.vae`."""
    return DenseVAE(size, settings)


def fit(cases: Pool, settings: Settings, run: Run) -> tuple[VAE, History]:
    """See `training.families.vae`."""
    model = start_vae(cases, settings, run)
    assert isinstance(model, DenseVAE)
    if model.bounded:
        model.set_bounds(cases.series)
    return train_vae(DenseObjective(model, cases.to(run.device), settings, run.seed), settings, run)

"""Cases to learn from, and the class-aware VAE that is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from training.configuration import FitConfiguration
from training.families import vae
from training.families.vae import VAE
from training.learning.loop import History, Objective, Schedule, train
from training.learning.scaling import Scaling
from training.learning.warps import warp_series


@dataclass(frozen=True)
class TrainingCases:
    """What is learned from: series `[n_cases, n_channels, n_timepoints]`, class_index `[n_cases]`, n_classes; lengths
    and counted as of `Cases`."""

    series: np.ndarray
    class_index: np.ndarray
    n_classes: int
    lengths: np.ndarray | None = None
    counted: np.ndarray | None = None

    def select(self, index: np.ndarray) -> TrainingCases:
        """The cases at `index`; the classes stay."""
        lengths = None if self.lengths is None else self.lengths[index]
        counted = None if self.counted is None else self.counted[index]
        return TrainingCases(self.series[index], self.class_index[index], self.n_classes, lengths, counted)


@dataclass(frozen=True)
class Pool:
    """Standardised series `[n, n_channels, working_timepoints]` and their class_index `[n]`, on one device."""

    series: Tensor
    class_index: Tensor
    n_classes: int

    def to(self, device: torch.device) -> Pool:
        """The same on another device."""
        return Pool(self.series.to(device), self.class_index.to(device), self.n_classes)


class VAEObjective(Objective):
    """Mean squared error + KL (Kingma & Welling, 2014) + cross-entropy of a linear head on the latent code."""

    def __init__(self, model: VAE, real: Pool, n_classes: int, configuration: FitConfiguration) -> None:
        super().__init__(len(real.series), configuration.seed, real.series.device)
        self.vae = model
        self.head = nn.Linear(configuration.latent_dim, n_classes)
        self._real = real
        self._configuration = configuration

    def list_held(self) -> tuple[Tensor, ...]:
        return self._real.series, self._real.class_index

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        settings = self._configuration
        series = warp_series(self._real.series[index], settings.warp_probability, self.generator)
        shape = (len(series), settings.latent_dim)
        noise = torch.randn(shape, generator=self.generator, device=series.device)
        reconstruction, latent, mean, log_variance = self.vae(series, noise)
        error = functional.mse_loss(reconstruction, series)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
        classification = functional.cross_entropy(self.head(latent), self._real.class_index[index])
        warm = min(1.0, progress / settings.kl_warm_up) if settings.kl_warm_up else 1.0
        loss = error + settings.kl_weight * warm * divergence + settings.class_weight * classification
        return loss, {"error": error, "kl": divergence, "class": classification}


def fit_vae(
    fabric: Fabric,
    cases: TrainingCases,
    scaling: Scaling,
    configuration: FitConfiguration,
    title: str,
    initial: VAE | None = None,
) -> tuple[VAE, History]:
    """A VAE trained on `cases`, on the CPU, and its losses; `initial` gives its starting weights."""
    torch.manual_seed(configuration.seed)
    shape = (cases.series.shape[1], scaling.working_timepoints, configuration.latent_dim)
    model = vae.build(configuration.vae, *shape)
    if initial is not None:
        model.load_state_dict(initial.state_dict())
    real = standardise(cases, scaling).to(fabric.device)
    objective = VAEObjective(model, real, cases.n_classes, configuration)
    steps = configuration.choose_steps(configuration.vae_steps, len(cases.series))
    history = train(fabric, objective, Schedule(steps, title, configuration.seed), configuration)
    return model.cpu().eval(), history


def standardise(cases: TrainingCases, scaling: Scaling) -> Pool:
    """The cases as the networks see them."""
    return Pool(scaling.standardise(torch.as_tensor(cases.series)), torch.as_tensor(cases.class_index), cases.n_classes)


@torch.no_grad()
def compute_posterior_means(model: VAE, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """`[n, latent_dim]` float64 of series in original units."""
    mean, _ = model.encode(scaling.standardise(torch.as_tensor(series)))
    return mean.double().numpy()


@torch.no_grad()
def compute_reconstruction_errors(model: VAE, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """Mean squared difference per case `[n]`, squared original units."""
    original = torch.as_tensor(series)
    mean, _ = model.encode(scaling.standardise(original))
    reconstruction = scaling.restore(model.decode(mean))
    return (original - reconstruction).double().square().mean(dim=(1, 2)).numpy()

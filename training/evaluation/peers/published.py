"""The published latent-space augmentation, Matt-Olek/Latent-Space-TS-Augmentation on GitHub, its mistakes mended.

A dense VAE (hidden layers of 1000, latent 50, tanh output, on series scaled to -1 … 1 per timepoint) learns by the sum,
at weight 1 each, of reconstruction, KL, classification and pairwise contrastive (margin 1) losses. Each class is one
Gaussian over its posterior means, covariance x 1.5; a sample is kept when its log density under its class exceeds every
rival's by .5. Kept samples join the training set, and the VAE is trained anew, for ROUNDS rounds.

Mended: the log-variance is used as such; no rival is left out; the KL term is averaged over the batch; nothing is
chosen on test data, so that the number of rounds is fixed. Ours, to keep the arms equal: each round adds its share of
the cases asked for, and a VAE takes as many steps of as many cases as our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal
from torch.nn import functional

from training.configuration import FitConfiguration
from training.learning.cases import TrainingCases
from training.learning.loop import Objective, train
from training.learning.losses import compute_contrastive_loss, compute_divergence
from training.learning.run import make_run, start_fabric

ROUNDS = 3
HIDDEN, HIDDEN_CLASSIFIER, LATENT_DIM = 1000, 100, 50
LEARNING_RATE = 1e-3
CONTRASTIVE_MARGIN = 1.0
COVARIANCE_FACTOR, COVARIANCE_FLOOR = 1.5, 1e-4
DENSITY_MARGIN = 0.5


class _DenseVAE(Objective):
    """The VAE and its loss over flat cases scaled to -1 … 1, `[n, width]`."""

    def __init__(self, flat: Tensor, class_index: Tensor, n_classes: int, seed: int) -> None:
        super().__init__(len(flat), seed, flat.device)
        width = flat.shape[1]
        self._flat, self._class_index = flat, class_index
        self.encoder = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(HIDDEN, LATENT_DIM), nn.Linear(HIDDEN, LATENT_DIM)
        self.decoder = nn.Sequential(nn.Linear(LATENT_DIM, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width), nn.Tanh())
        self.classifier = nn.Sequential(
            nn.Linear(LATENT_DIM, HIDDEN_CLASSIFIER),
            nn.ReLU(),
            nn.Linear(HIDDEN_CLASSIFIER, HIDDEN_CLASSIFIER),
            nn.ReLU(),
            nn.Linear(HIDDEN_CLASSIFIER, n_classes),
        )

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        del progress
        flat, own = self._flat[index], self._class_index[index]
        hidden = self.encoder(flat)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        noise = torch.randn(mean.shape, generator=self.generator, device=mean.device)
        latent = mean + torch.exp(0.5 * log_variance) * noise
        error = functional.mse_loss(self.decoder(latent), flat)
        divergence = compute_divergence(mean, log_variance)
        classification = functional.cross_entropy(self.classifier(latent), own)
        loss = error + divergence + classification + compute_contrastive_loss(mean, own, CONTRASTIVE_MARGIN)
        return loss, {"error": error, "kl": divergence, "class": classification}


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`; fewer cases than asked where a class's are seldom likeliest under it."""
    shape = cases.series.shape[1:]
    inward, outward = _make_scaling(cases.series.reshape(len(cases.series), -1))
    flat = inward(cases.series.reshape(len(cases.series), -1))
    class_index = torch.as_tensor(cases.class_index)
    for number in range(ROUNDS):
        share = counts * (number + 1) // ROUNDS - counts * number // ROUNDS
        settings = replace(configuration, seed=configuration.seed + number)
        model = _fit(flat, class_index, cases.n_classes, settings)
        made, own = _make(model, flat, class_index, share, torch.Generator().manual_seed(settings.seed))
        flat, class_index = torch.cat([flat, made]), torch.cat([class_index, own])
    added = outward(flat[len(cases.series) :]).reshape(-1, *shape).astype(cases.series.dtype)
    return TrainingCases(np.concatenate([cases.series, added]), class_index.numpy(), cases.n_classes)


def _fit(flat: Tensor, class_index: Tensor, n_classes: int, configuration: FitConfiguration) -> _DenseVAE:
    torch.manual_seed(configuration.seed)
    fabric = start_fabric(replace(configuration, device="cpu"))
    model = _DenseVAE(flat, class_index, n_classes, configuration.seed)
    settings = replace(configuration.vae, learning_rate=LEARNING_RATE)
    train(make_run(fabric, configuration, "published VAE"), model, settings.steps, settings)
    return model


@torch.no_grad()
def _make(
    model: _DenseVAE, flat: Tensor, class_index: Tensor, counts: np.ndarray, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Flat synthetic cases and their classes: of `counts` proposals per class those that no rival explains as well."""
    codes = model.mean(model.encoder(flat)).double()
    densities: dict[int, Any] = {
        int(own): _build_density(codes[class_index == own]) for own in np.unique(class_index.numpy())
    }
    latent, classes = [codes[:0]], []
    for own, count in enumerate(counts.tolist()):
        if not count:
            continue
        noise = torch.randn(count, LATENT_DIM, generator=generator, dtype=torch.float64)
        proposals = densities[own].loc + noise @ densities[own].scale_tril.T
        rivals = [density.log_prob(proposals) for other, density in densities.items() if other != own]
        kept = torch.ones(len(proposals), dtype=torch.bool)
        for rival in rivals:
            kept &= densities[own].log_prob(proposals) > rival + DENSITY_MARGIN
        latent.append(proposals[kept])
        classes += [own] * int(kept.sum())
    return model.decoder(torch.cat(latent).float()), torch.tensor(classes, dtype=class_index.dtype)


def _build_density(codes: Tensor) -> MultivariateNormal:
    """One Gaussian; a class of one case has no covariance but the floor."""
    scatter = torch.cov(codes.T) if len(codes) > 1 else torch.zeros(LATENT_DIM, LATENT_DIM, dtype=codes.dtype)
    covariance = COVARIANCE_FACTOR * (scatter + COVARIANCE_FLOOR * torch.eye(LATENT_DIM, dtype=codes.dtype))
    return MultivariateNormal(codes.mean(dim=0), covariance)


def _make_scaling(flat: np.ndarray) -> tuple[Callable[[np.ndarray], Tensor], Callable[[Tensor], np.ndarray]]:
    """To -1 … 1 at each timepoint of the training cases, and back; what never varies becomes 0."""
    low, high = flat.min(axis=0).astype(np.float64), flat.max(axis=0).astype(np.float64)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-30)

    def inward(series: np.ndarray) -> Tensor:
        return torch.as_tensor((series - middle) / half).float()

    def outward(scaled: Tensor) -> np.ndarray:
        restored: np.ndarray = scaled.numpy() * half + middle
        return restored

    return inward, outward

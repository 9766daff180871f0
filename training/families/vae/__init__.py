"""VAEs, one file each: series to a latent code and back.

A family is a module with

- `Settings`, a frozen dataclass derived from `VAESettings`;
- `build(size, settings) -> VAE`, a freshly initialised network;
- `fit(cases, settings, run) -> (VAE, History)`, trained, on the CPU, in evaluation mode.

`fit_class_aware` trains by the loss that keeps the latent code class-aware; a family may bring another, of the parts in
`training.learning.losses`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.export.exporting import Exportable
from training.families import find_module
from training.families.settings import VAESettings
from training.learning.cases import Pool
from training.learning.loop import History, Objective, train
from training.learning.losses import compute_divergence, compute_error, compute_warm_up
from training.learning.run import Run
from training.learning.scaling import Scaling
from training.learning.warps import warp_series
from training.settings import Bounds


class VAE(nn.Module):
    """What every family makes, on standardised series at the working length."""

    latent_dim: int

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """posterior_mean, posterior_log_variance `[n, latent_dim]` of `[n, n_channels, n_timepoints]`."""
        raise TypeError(f"{type(self).__name__} does not encode")

    def decode(self, latent: Tensor) -> Tensor:
        """Series `[n, n_channels, n_timepoints]` of `[n, latent_dim]`."""
        raise TypeError(f"{type(self).__name__} does not decode")

    def forward(self, series: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstruction, latent, posterior_mean and posterior_log_variance, with `noise` `[n, latent_dim]`."""
        mean, log_variance = self.encode(series)
        latent = mean + torch.exp(0.5 * log_variance) * noise
        return self.decode(latent), latent, mean, log_variance

    def list_exportables(self, scaling: Scaling, latent: np.ndarray) -> list[Exportable]:
        """The graphs encoder and decoder, in original units; `latent` `[n, latent_dim]` are examples."""
        decoder = Exportable("decoder", Decoder(scaling, self), {"latent": latent}, ("series",), {}, {})
        series = {"series": decoder.run_torch(len(latent))[0]}
        posterior = ("posterior_mean", "posterior_log_variance")
        return [Exportable("encoder", Encoder(scaling, self), series, posterior, {}, {}), decoder]


class Encoder(nn.Module):
    """series `[n, n_channels, n_timepoints]` → posterior_mean, posterior_log_variance `[n, latent_dim]`."""

    def __init__(self, scaling: Scaling, vae: VAE) -> None:
        super().__init__()
        self.scaling, self.vae = scaling, vae

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        return self.vae.encode(self.scaling.standardise(series))


class Decoder(nn.Module):
    """latent `[n, latent_dim]` → series `[n, n_channels, n_timepoints]`."""

    def __init__(self, scaling: Scaling, vae: VAE) -> None:
        super().__init__()
        self.scaling, self.vae = scaling, vae

    def forward(self, latent: Tensor) -> Tensor:
        return self.scaling.restore(self.vae.decode(latent))


@dataclass(frozen=True)
class ClassAwareSettings(VAESettings):
    """Options of the class-aware loss."""

    kl_weight: Annotated[float, Bounds(ge=0)] = 3e-3
    """Weight of the Kullback-Leibler term (sum over the latent, mean over the batch)."""
    kl_warm_up: Annotated[float, Bounds(ge=0, le=1)] = 0.3
    """Share of the steps over which the KL weight rises from 0."""
    class_weight: Annotated[float, Bounds(ge=0)] = 0.5
    """Weight of the cross-entropy of a linear classifier on the latent code."""
    warp_probability: Annotated[float, Bounds(ge=0, le=1)] = 0.5
    """Chance of a time warp, and again of a window slice, per case of a batch."""


class ClassAwareObjective(Objective):
    """Mean squared error + KL (Kingma & Welling, 2014) + cross-entropy of a linear head on the latent code."""

    def __init__(self, model: VAE, cases: Pool, settings: ClassAwareSettings, seed: int) -> None:
        super().__init__(len(cases.series), seed, cases.series.device)
        self.vae = model
        self.head = nn.Linear(settings.latent_dim, cases.n_classes)
        self.cases, self._settings = cases, settings

    def list_held(self) -> tuple[Tensor, ...]:
        counted = () if self.cases.counted is None else (self.cases.counted,)
        return self.cases.series, self.cases.class_index, *counted

    def forward(self, index: Tensor, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        settings = self._settings
        series, counted = self.warp_batch(index)
        reconstruction, latent, mean, log_variance = self.vae(series, self.draw_noise(series))
        error = compute_error(reconstruction, series, counted)
        divergence = compute_divergence(mean, log_variance)
        classification = functional.cross_entropy(self.head(latent), self.cases.class_index[index])
        warm = compute_warm_up(progress, settings.kl_warm_up)
        loss = error + settings.kl_weight * warm * divergence + settings.class_weight * classification
        return loss, {"error": error, "kl": divergence, "class": classification}

    def draw_noise(self, series: Tensor) -> Tensor:
        """Standard normal noise `[n, latent_dim]` for the latent codes of so many `series`."""
        shape = (len(series), self._settings.latent_dim)
        return torch.randn(shape, generator=self.generator, device=series.device)

    def warp_batch(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        """Warped series of some cases, and how much each value counts, warped along."""
        series, counted = self.cases.series[index], self.cases.counted
        if counted is None:
            return warp_series(series, self._settings.warp_probability, self.generator), None
        both = torch.cat([series, counted[index]], dim=1)
        series, weights = warp_series(both, self._settings.warp_probability, self.generator).chunk(2, dim=1)
        return series, weights


def start_vae(cases: Pool, settings: VAESettings, run: Run) -> VAE:
    """The VAE that the family of `settings` builds for `cases`, with the weights of `run.initial` where there are."""
    torch.manual_seed(run.seed)
    model: VAE = find_module(settings).build(cases.size, settings)
    if run.initial is not None:
        model.load_state_dict(run.initial.state_dict())
    return model


def train_vae(objective: ClassAwareObjective, settings: VAESettings, run: Run) -> tuple[VAE, History]:
    """The VAE of `objective`, trained on its cases, on the CPU, and its losses."""
    history = train(run, objective, run.count_steps(settings.steps, objective.n_cases), settings)
    return objective.vae.cpu().eval(), history


def fit_class_aware(cases: Pool, settings: ClassAwareSettings, run: Run) -> tuple[VAE, History]:
    """The VAE that the family of `settings` builds, trained on `cases`, on the CPU, and its losses."""
    model = start_vae(cases, settings, run)
    return train_vae(ClassAwareObjective(model, cases.to(run.device), settings, run.seed), settings, run)


def fit(cases: Pool, settings: VAESettings, run: Run) -> tuple[VAE, History]:
    """The VAE that the family of `settings` fits to standardised `cases`, on the CPU, and its losses."""
    fitted: tuple[VAE, History] = find_module(settings).fit(cases, settings, run)
    return fitted

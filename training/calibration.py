"""What is usual, judged by models that did not see the case: anomaly threshold, typicality and trust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lightning_fabric import Fabric

from models.manifest import Calibration
from models.mixture import marginal_log_density
from training.configuration import FitConfiguration
from training.learner import TrainingCases, fit_vae, posterior_means, reconstruction_errors
from training.mixture_fit import fit_mixture
from training.scaling import Scaling

Fold = tuple[np.ndarray, np.ndarray]
THRESHOLD_QUANTILE = 0.99
N_QUANTILES = 101


@dataclass(frozen=True)
class HeldOut:
    """Held-out judgements of training cases: error, log density, own class, likeliest class, `[n]` each."""

    error: np.ndarray
    log_density: np.ndarray
    class_index: np.ndarray
    likeliest: np.ndarray

    def calibration(self) -> Calibration:
        """As the manifest holds it."""
        levels = np.linspace(0, 1, N_QUANTILES)
        return Calibration(
            anomaly_threshold=max(float(np.quantile(self.error, THRESHOLD_QUANTILE)), 1e-30),
            log_density_quantiles=[float(value) for value in np.quantile(self.log_density, levels)],
            n_cases=len(self.error),
        )

    def trust(self, index: int) -> float | None:
        """The share of a class's held-out cases that are likeliest under their own density; None without cases."""
        own = self.class_index == index
        return float((self.likeliest[own] == index).mean()) if own.any() else None


def judge_held_out(
    fabric: Fabric, cases: TrainingCases, folds: list[Fold], configuration: FitConfiguration
) -> HeldOut | None:
    """Refit scaling, VAE and mixture without each fold and judge the fold with them; None without folds."""
    parts: list[tuple[np.ndarray, ...]] = []
    for number, (kept, held_out) in enumerate(folds, start=1):
        inside, outside = cases.subset(kept), cases.subset(held_out)
        scaling = Scaling(inside.series, configuration.working_timepoints)
        model, _ = fit_vae(fabric, inside, scaling, configuration, f"VAE, fold {number} of {len(folds)}")
        latent = posterior_means(model, scaling, inside.series)
        mixture = fit_mixture(
            latent, inside.class_index, cases.n_classes, configuration.max_components, configuration.seed
        )
        log_density = mixture.class_log_density(posterior_means(model, scaling, outside.series))
        counts = np.bincount(inside.class_index, minlength=cases.n_classes)
        parts.append(
            (
                reconstruction_errors(model, scaling, outside.series),
                marginal_log_density(log_density, counts),
                outside.class_index,
                log_density.argmax(axis=1),
            )
        )
    return HeldOut(*(np.concatenate(column) for column in zip(*parts, strict=True))) if parts else None

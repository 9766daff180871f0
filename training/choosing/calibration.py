"""What is usual, judged by models that did not see the case: anomaly threshold, typicality and trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundle.generation.residual import ResidualLaw
from bundle.manifest import Calibration, ResidualCard
from training.choosing.folds import Judged
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.learner import compute_residuals

THRESHOLD_QUANTILE = 0.99
N_QUANTILES = 101


@dataclass(frozen=True)
class HeldOut:
    """Held-out judgements of training cases: error, log density, own class, likeliest class and the class that the
    nearest codes vote for, `[n]` each; `series` and `residual` `[n, n_channels, n_timepoints]` and which of their
    values count, None: all."""

    error: np.ndarray
    log_density: np.ndarray
    class_index: np.ndarray
    likeliest: np.ndarray
    voted: np.ndarray
    series: np.ndarray
    residual: np.ndarray
    counted: np.ndarray | None

    def calibrate(self) -> Calibration:
        """As the manifest holds it."""
        levels = np.linspace(0, 1, N_QUANTILES)
        return Calibration(
            anomaly_threshold=max(float(np.quantile(self.error, THRESHOLD_QUANTILE)), 1e-30),
            log_density_quantiles=[float(value) for value in np.quantile(self.log_density, levels)],
            n_cases=len(self.error),
        )

    def compute_trust(self, index: int) -> float | None:
        """The share of a class's held-out cases that are likeliest under their own density; None without cases."""
        own = self.class_index == index
        return float((self.likeliest[own] == index).mean()) if own.any() else None


def collect_held_out(folds: Sequence[Judged]) -> HeldOut | None:
    """The held-out cases of all folds; None without folds, or without codes to judge by."""
    codes = [judged.codes for judged in folds if judged.codes is not None]
    if not codes:
        return None
    counted = [found for judged in folds if (found := judged.fold.held_out.counted) is not None]
    return HeldOut(
        np.concatenate([found.error for found in codes]),
        np.concatenate([found.log_density for found in codes]),
        np.concatenate([judged.fold.held_out.class_index for judged in folds]),
        np.concatenate([found.likeliest for found in codes]),
        np.concatenate([found.voted for found in codes]),
        np.concatenate([judged.fold.held_out.series for judged in folds]),
        np.concatenate([found.residual for found in codes]),
        np.concatenate(counted) if counted else None,
    )


def measure_residual(generator: Generator, cases: TrainingCases, held_out: HeldOut | None) -> ResidualCard:
    """What decoding leaves over: of the held-out cases, else, too little by what was learned by heart, of `cases`."""
    if held_out is not None:
        law, n_cases = ResidualLaw.measure(held_out.residual, held_out.counted), len(held_out.residual)
    else:
        residual = compute_residuals(generator.vae, generator.scaling, cases.series)
        law, n_cases = ResidualLaw.measure(residual, cases.counted), len(residual)
    return ResidualCard(
        scale=law.scale.tolist(),
        correlation=law.correlation.tolist(),
        measured_on="training cases" if held_out is None else "held-out cases",
        n_cases=n_cases,
    )

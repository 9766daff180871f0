"""What is usual, judged by models that did not see the case: anomaly threshold, typicality and trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundle.manifest import Calibration
from training.choosing.folds import Judged

THRESHOLD_QUANTILE = 0.99
N_QUANTILES = 101


@dataclass(frozen=True)
class HeldOut:
    """Held-out judgements of training cases: error, log density, own class, likeliest class and the class that the
    nearest codes vote for, `[n]` each."""

    error: np.ndarray
    log_density: np.ndarray
    class_index: np.ndarray
    likeliest: np.ndarray
    voted: np.ndarray

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
    return HeldOut(
        np.concatenate([found.error for found in codes]),
        np.concatenate([found.log_density for found in codes]),
        np.concatenate([judged.fold.held_out.class_index for judged in folds]),
        np.concatenate([found.likeliest for found in codes]),
        np.concatenate([found.voted for found in codes]),
    )

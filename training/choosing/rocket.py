"""MiniRocket and a ridge classifier: the quick and strong judge that is not our own network.

MiniRocket: Dempster, Schmidt & Webb (2021), by aeon; ridge regression with the penalty chosen by leave-one-out.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

PENALTIES = np.logspace(-3, 3, 10)
SHORTEST = 9
"""MiniRocket's kernels have nine weights, and catch22 takes three timepoints at least; shorter series are continued by
their last value."""


class Rocket:
    """Features by kernels whose biases are fitted to one set of series `[n_cases, n_channels, n_timepoints]`."""

    def __init__(self, series: np.ndarray, seed: int, n_kernels: int = 10_000) -> None:
        # Importing aeon and numba takes seconds, which who measures nothing need not wait for.
        from aeon.transformations.collection.convolution_based import MiniRocket

        self._kernels = MiniRocket(n_kernels=n_kernels, random_state=seed % 2**31, n_jobs=1)
        state = np.random.get_state()
        try:
            self._kernels.fit(lengthen(series))
        finally:
            np.random.set_state(state)

    def __call__(self, series: np.ndarray) -> np.ndarray:
        """Proportions of positive values, 0 … 1, `[n_cases, n_features]`."""
        features: np.ndarray = self._kernels.transform(lengthen(series))
        return features


def make_ridge(class_weight: str | None = None) -> Pipeline:
    """A ridge classifier of features, not fitted yet; `class_weight` as of scikit-learn."""
    return make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=PENALTIES, class_weight=class_weight))


def lengthen(series: np.ndarray) -> np.ndarray:
    missing = max(0, SHORTEST - series.shape[2])
    return np.pad(series, ((0, 0), (0, 0), (0, missing)), mode="edge").astype(np.float32)

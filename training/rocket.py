"""MiniRocket and a ridge classifier: the quick and strong judge that is not our own network.

MiniRocket: Dempster, Schmidt & Webb (2021), by aeon; ridge regression with the penalty chosen by leave-one-out.
"""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

PENALTIES = np.logspace(-3, 3, 10)
MIN_TIMEPOINTS = 9
"""The length of a kernel."""


class Rocket:
    """Features by kernels whose biases come from `series` `[n, n_channels, n_timepoints]`."""

    def __init__(self, series: np.ndarray, seed: int, n_kernels: int = 10_000) -> None:
        self._kernels = MiniRocket(n_kernels=n_kernels, random_state=seed % 2**31, n_jobs=1)
        self._kernels.fit(_long_enough(series))

    def __call__(self, series: np.ndarray) -> np.ndarray:
        features: np.ndarray = self._kernels.transform(_long_enough(series))
        return features


def ridge() -> Pipeline:
    """A ridge classifier of features, not fitted yet."""
    return make_pipeline(StandardScaler(with_mean=False), RidgeClassifierCV(alphas=PENALTIES))


def _long_enough(series: np.ndarray) -> np.ndarray:
    missing = max(0, MIN_TIMEPOINTS - series.shape[2])
    return np.pad(series, ((0, 0), (0, 0), (0, missing)), mode="edge").astype(np.float32)

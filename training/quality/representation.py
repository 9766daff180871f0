"""What the judges see of a series: MiniRocket's features, and its course, differences, spectrum and autocorrelation."""

from __future__ import annotations

import numpy as np

from training.quality.statistics import autocorrelation, power_spectrum
from training.scaling import resampling_matrix

N_KERNELS = 2000
SHORTEST = 9
"""MiniRocket's kernels have nine weights; shorter series are continued by their last value."""

MOST_TIMEPOINTS = 128
MOST_LAGS = 32


class Convolutions:
    """MiniRocket (Dempster, Schmidt & Webb, 2021) with its biases fitted to one set of series."""

    def __init__(self, series: np.ndarray, seed: int) -> None:
        """`series` `[n_cases, n_channels, n_timepoints]`, standardised."""
        # Importing aeon and numba takes seconds, which who measures nothing need not wait for.
        from aeon.transformations.collection.convolution_based import MiniRocket

        self._transform = MiniRocket(n_kernels=N_KERNELS, random_state=seed)
        state = np.random.get_state()
        try:
            self._transform.fit(_long_enough(series))
        finally:
            np.random.set_state(state)

    def __call__(self, series: np.ndarray) -> np.ndarray:
        """Proportions of positive values, 0 … 1, `[n_cases, n_features]`."""
        features: np.ndarray = self._transform.transform(_long_enough(series))
        return features


def descriptors(series: np.ndarray) -> np.ndarray:
    """`[n_cases, n_features]`: the course (at most 128 timepoints), its differences, log spectrum, autocorrelation."""
    shorten = resampling_matrix(series.shape[2], min(series.shape[2], MOST_TIMEPOINTS)).numpy()
    course = series @ shorten
    spectrum = np.log(power_spectrum(course) + 1e-6)
    correlation = autocorrelation(series, min(MOST_LAGS, series.shape[2] - 1))
    roughness = np.log(np.abs(np.diff(series, axis=2)).mean(axis=2, keepdims=True) + 1e-6)
    parts = [course, np.diff(course, axis=2), spectrum, correlation, roughness]
    features: np.ndarray = np.concatenate(parts, axis=2).reshape(len(series), -1)
    return features


def _long_enough(series: np.ndarray) -> np.ndarray:
    missing = max(0, SHORTEST - series.shape[2])
    return np.pad(series, ((0, 0), (0, 0), (0, missing)), mode="edge")

"""What the judges see of a series: MiniRocket's features, and its course, differences, spectrum and autocorrelation."""

from __future__ import annotations

import numpy as np

from training.choosing.rocket import Rocket
from training.learning.scaling import make_resampling_matrix
from training.quality.statistics import compute_autocorrelation, compute_power_spectrum

N_KERNELS = 2000
MOST_TIMEPOINTS = 128
MOST_LAGS = 32


def fit_convolutions(series: np.ndarray, seed: int) -> Rocket:
    """MiniRocket with its biases fitted to `series` `[n_cases, n_channels, n_timepoints]`, standardised."""
    return Rocket(series, seed, N_KERNELS)


def compute_descriptors(series: np.ndarray) -> np.ndarray:
    """`[n_cases, n_features]`: the course (at most 128 timepoints), its differences, log spectrum, autocorrelation."""
    shorten = make_resampling_matrix(series.shape[2], min(series.shape[2], MOST_TIMEPOINTS)).numpy()
    course = series @ shorten
    spectrum = np.log(compute_power_spectrum(course) + 1e-6)
    correlation = compute_autocorrelation(series, min(MOST_LAGS, series.shape[2] - 1))
    roughness = np.log(np.abs(np.diff(series, axis=2)).mean(axis=2, keepdims=True) + 1e-6)
    parts = [course, np.diff(course, axis=2), spectrum, correlation, roughness]
    features: np.ndarray = np.concatenate(parts, axis=2).reshape(len(series), -1)
    return features

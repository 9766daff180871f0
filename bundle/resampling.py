"""Series of one number of timepoints become series of another: ends stay ends, constants stay constant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def compute_weights(n_from: int, n_to: int) -> tuple[NDArray[np.int64], Float]:
    """Compute which timepoints each new one is the mean of, and their weights, `[n_to, n_taken]` each; rows sum to 1.

    Linear interpolation, widened to a triangle of the new timepoints' distance where there become fewer: shortening
    averages, so it does not alias.
    """
    positions = np.linspace(0, n_from - 1, n_to)
    width = max((n_from - 1) / max(n_to - 1, 1), 1.0)
    first = np.floor(positions - width).astype(np.int64)
    index = first[:, None] + np.arange(int(np.ceil(2 * width)) + 2)
    weights = np.maximum(0.0, 1 - np.abs(index - positions[:, None]) / width)
    weights[(index < 0) | (index >= n_from)] = 0
    return index.clip(0, n_from - 1), weights / weights.sum(axis=1, keepdims=True)


def resample(series: NDArray[np.float32], n_timepoints: int) -> NDArray[np.float32]:
    """Resample series `[n, n_channels, any]` to `n_timepoints`; those that have as many stay bit for bit."""
    if series.shape[2] == n_timepoints:
        return series
    index, weights = compute_weights(series.shape[2], n_timepoints)
    resampled = np.zeros((*series.shape[:2], n_timepoints))
    for taken, weight in zip(index.T, weights.T, strict=True):
        resampled += series[:, :, taken] * weight
    return resampled.astype(np.float32)

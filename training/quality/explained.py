"""How much of how series vary their reconstructions give back."""

from __future__ import annotations

import numpy as np

LEAST_SPREAD = 1e-6
"""Mean squared distance from the mean, in training standard deviations, from which on series vary at all."""


def explain_variance(
    series: np.ndarray, residual: np.ndarray, scale: np.ndarray, counted: np.ndarray | None = None
) -> float | None:
    """The share of the variance of `series` that is not left in `residual`, both `[n_cases, n_channels, n_timepoints]`.

    That is R² over all values that are `counted` (None: all), each channel in units of its `scale` `[n_channels]`: 1
    less the squared residuals over the squared distances from each channel's mean. None where series do not vary.
    """
    where = np.ones(series.shape, bool) if counted is None else counted
    units = scale.astype(np.float64)[:, None]
    standard, left = series / units, residual / units
    mean = standard.sum(axis=(0, 2), where=where, keepdims=True) / np.maximum(where.sum(axis=(0, 2), keepdims=True), 1)
    spread = np.square(standard - mean).sum(where=where)
    if spread <= LEAST_SPREAD * where.sum():
        return None
    return float(1 - np.square(left).sum(where=where) / spread)

"""Predictive score: what series teach about the next timepoint of real ones."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge

MOST_LAGS = 8
MOST_INPUTS = 128
MOST_WINDOWS = 20_000


def measure_next_timepoint_error(learned: np.ndarray, real: np.ndarray, random: np.random.Generator) -> float:
    """Mean absolute error, standardised units, on `real` of a forecaster trained on `learned`.

    Both `[n_cases, n_channels, n_timepoints]` with at least two timepoints. The forecaster predicts the next timepoint
    of every channel from up to 8 before it, by ridge regression. Source: the predictive score of Yoon et al., TimeGAN,
    2019, with a ridge regression in place of a GRU, and every channel in place of the last.
    """
    n_channels, n_timepoints = real.shape[1:]
    n_lags = max(1, min(MOST_LAGS, n_timepoints - 1, MOST_INPUTS // n_channels))
    forecaster = Ridge(alpha=1.0).fit(*_cut_windows(learned, n_lags, random))
    past, following = _cut_windows(real, n_lags, random)
    return float(np.abs(forecaster.predict(past).reshape(following.shape) - following).mean())


def _cut_windows(series: np.ndarray, n_lags: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Past `[n_windows, n_channels * n_lags]` and following `[n_windows, n_channels]`; a random part where many."""
    stretches = sliding_window_view(series, n_lags + 1, axis=2).swapaxes(1, 2)
    cases, starts = np.divmod(np.arange(stretches.shape[0] * stretches.shape[1]), stretches.shape[1])
    if len(cases) > MOST_WINDOWS:
        chosen = random.choice(len(cases), MOST_WINDOWS, replace=False)
        cases, starts = cases[chosen], starts[chosen]
    windows = stretches[cases, starts].astype(np.float64)
    return windows[..., :-1].reshape(len(windows), -1), windows[..., -1]

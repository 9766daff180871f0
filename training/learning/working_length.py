"""How many timepoints the networks work at, and what of longer series is lost there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.configuration import AUTO, FitConfiguration

CANDIDATES = (128, 192, 256, 384, 512)
"""What auto chooses from: work grows with the length, and with its square in the texture."""

BEARABLE_LOSS = 0.01
"""The share of spectral energy that auto lets go."""

MOST_MEASURED = 1000
"""Cases that the spectrum is measured on, evenly spread over the set."""


def measure_spectral_loss(series: NDArray[np.float32], n_working: int) -> float:
    """The share of spectral energy, 0 … 1, above the Nyquist frequency of `n_working` timepoints.

    Of series `[n_cases, n_channels, n_timepoints]` without their means, each channel at unit variance, under a Hann
    window, so that their ends do not show.
    """
    cases = series[:: -(-len(series) // MOST_MEASURED)].astype(np.float64)
    deviation = cases.std(axis=(0, 2), keepdims=True)
    centred = (cases - cases.mean(axis=2, keepdims=True)) / np.where(deviation > 0, deviation, 1)
    energy = np.square(np.abs(np.fft.rfft(centred * np.hanning(series.shape[2]), axis=2))).sum(axis=(0, 1))
    total = energy.sum()
    return float(energy[n_working // 2 + 1 :].sum() / total) if total > 0 else 0.0


def settle_working_length(
    series: NDArray[np.float32], configuration: FitConfiguration
) -> tuple[FitConfiguration, str | None]:
    """The configuration with a working length in place of auto, and what is to be said of it; None: nothing is lost."""
    n_timepoints, asked = series.shape[2], configuration.working_timepoints
    chosen = choose_working_length(series) if asked == AUTO else asked
    settled = replace(configuration, working_timepoints=chosen)
    if n_timepoints <= chosen:
        return settled, None
    lost = measure_spectral_loss(series, chosen)
    more = "" if asked == AUTO else " --working-timepoints auto chooses a length by that, up to 512."
    return settled, (
        f"Series of {n_timepoints} timepoints are learned at {chosen}: {lost:.1%} of their spectral energy lies above "
        f"the Nyquist frequency there, and is left to no network.{more}"
    )


def choose_working_length(series: NDArray[np.float32]) -> int:
    """The least of CANDIDATES at which no more than BEARABLE_LOSS is lost, else the largest."""
    for n_working in CANDIDATES:
        if n_working >= series.shape[2] or measure_spectral_loss(series, n_working) <= BEARABLE_LOSS:
            return n_working
    return CANDIDATES[-1]

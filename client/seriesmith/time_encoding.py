"""The channels that a model of time-encoded windows takes behind the series' own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def encode_time(n_timepoints: int, period: float, start: float = 0.0) -> NDArray[np.float64]:
    """Encode time as the channels time_sine and time_cosine, `[2, n_timepoints]`, as `fit.py --time-encoding` does.

    `period`, and `start`, the position of the window's first timepoint in its recording, are in timepoints. The period
    is in the manifest, `provenance.configuration.time_encoding`.
    """
    angle = 2 * np.pi * (start + np.arange(n_timepoints)) / period
    return np.stack([np.sin(angle), np.cos(angle)])

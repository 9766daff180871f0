"""Time as two channels, the sine and cosine of a period: a network then knows where in the period a window lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.writing.arrays import name_channels

NAMES = ("time_sine", "time_cosine")

SHORTEST_PERIOD = 2.0
"""Of a shorter one, a timepoint does not tell whether time runs forwards."""


def encode_time(position: NDArray[np.floating], period: float) -> NDArray[np.float64]:
    """Sine and cosine, `[2, n_timepoints]`, of positions `[n_timepoints]`, both in timepoints."""
    angle = 2 * np.pi * position / period
    return np.stack([np.sin(angle), np.cos(angle)])


def add_time_encoding(raw: Raw, period: float, window: int | None) -> Raw:
    """Recordings with the channels NAMES behind their own, to be cut into windows of `window` timepoints.

    Time is counted from a recording's first timepoint or, where it has times, from 0 in its median step; the channels
    are missing where all others are, so that gaps stay gaps. Raises `DatasetError` for a period below SHORTEST_PERIOD,
    and where nothing is cut: whole series would all get the same channels.
    """
    if window is None:
        raise DatasetError(
            "--time-encoding says where in a period windows lie. Cut the series with --window LENGTH too."
        )
    if not period >= SHORTEST_PERIOD or not np.isfinite(period):
        raise DatasetError(f"--time-encoding is {period} timepoints; a period has at least {SHORTEST_PERIOD:.0f}.")
    series = []
    for number, recording in enumerate(raw.series):
        values = np.stack([np.asarray(channel, dtype=np.float64) for channel in recording])
        encoding = encode_time(_find_positions(raw, number, values.shape[1]), period)
        encoding[:, np.isnan(values).all(axis=0)] = np.nan
        series.append(list(np.concatenate([values, encoding])))
    origin = "each recording's start" if raw.times is None else "time 0"
    note = f"channels {' and '.join(NAMES)} were added: time with a period of {period:g} timepoints, from {origin}"
    return replace(
        raw,
        series=series,
        channel_names=[*name_channels(raw, "value"), *NAMES],
        units=None if raw.units is None else [*raw.units, "1", "1"],
        notes=(*raw.notes, note),
    )


def _find_positions(raw: Raw, recording: int, n_timepoints: int) -> NDArray[np.float64]:
    """Where each timepoint lies, in timepoints."""
    if raw.times is None or n_timepoints < 2:
        return np.arange(n_timepoints, dtype=np.float64)
    times = np.asarray(raw.times[recording], dtype=np.float64)
    positions: NDArray[np.float64] = times / np.median(np.diff(times))
    return positions

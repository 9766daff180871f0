"""Classical warps in numpy: they bend time and leave values alone, so that the result holds no values but the input's.

Each maps every timepoint to a position in its series; series are float32 `[n, n_channels, n_timepoints]`, in and out,
in any units, and may have a single timepoint, which stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.generation.alignment import Position, align, interpolate

Array = NDArray[np.float32]

KNOTS = 4
SIGMA = 0.25
SLOWEST = 0.1
SLICE = 0.9
WINDOW = 0.1


def warp_time(series: Array, random: np.random.Generator) -> Array:
    """Each case at a speed that changes smoothly: N(1, SIGMA) at each of KNOTS, at least SLOWEST, linear in between.

    Um et al., Data augmentation of wearable sensor data for Parkinson's disease monitoring (2017).
    """
    return interpolate(series, _draw_warp(*_measure_sizes(series), random))


def slice_window(series: Array, random: np.random.Generator) -> Array:
    """A random SLICE of each case, stretched to its length.

    Le Guennec, Malinowski & Tavenard, Data augmentation for time series classification (2016).
    """
    return interpolate(series, _draw_slice(_make_grid(*_measure_sizes(series)), random))


def warp_window(series: Array, random: np.random.Generator) -> Array:
    """A random WINDOW of each case at half or double speed, all of it brought back to its length.

    Le Guennec, Malinowski & Tavenard (2016).
    """
    grid = _make_grid(*_measure_sizes(series))
    start = (1 - WINDOW) * random.random((len(series), 1))
    stretch = np.where(random.random((len(series), 1)) < 0.5, 0.5, 2.0)
    elapsed = grid * (1 + WINDOW * (stretch - 1))
    inside = start + (elapsed - start) / stretch
    behind = elapsed - WINDOW * (stretch - 1)
    position = np.where(elapsed < start, elapsed, np.where(inside < start + WINDOW, inside, behind))
    return interpolate(series, position)


def warp_guided(series: Array, guides: Array) -> Array:
    """Each case moved in time towards its guide, both `[n, n_channels, n_timepoints]`; its values stay its own.

    Random guided warping of Iwana & Uchida, Time series data augmentation for neural networks by time warping with a
    discriminative teacher (2021); the guides are drawn by the caller. See `align`.
    """
    return interpolate(series, align(series, guides))


def warp(series: Array, probability: float, random: np.random.Generator) -> Array:
    """Each case time-warped, and sliced, with `probability` each: the law of `training/learning/warps.py`."""
    bent, cut = random.random((2, len(series), 1)) < probability
    return _bend_and_cut(series, bent, cut, random)


def warp_surely(series: Array, random: np.random.Generator) -> Array:
    """Each case time-warped, sliced, or both, with equal chances: `warp` at one half, but for what it leaves as it
    was."""
    choice = random.integers(1, 4, (len(series), 1))
    return _bend_and_cut(series, (choice & 1) > 0, (choice & 2) > 0, random)


def _bend_and_cut(series: Array, bent: NDArray[Any], cut: NDArray[Any], random: np.random.Generator) -> Array:
    sizes = _measure_sizes(series)
    position = np.where(bent, _draw_warp(*sizes, random), _make_grid(*sizes))
    return interpolate(series, np.where(cut, _draw_slice(position, random), position))


def _measure_sizes(series: Array) -> tuple[int, int]:
    return series.shape[0], series.shape[2]


def _make_grid(n_cases: int, n_timepoints: int) -> Position:
    return np.broadcast_to(np.linspace(0, 1, n_timepoints), (n_cases, n_timepoints))


def _draw_warp(n_cases: int, n_timepoints: int, random: np.random.Generator) -> Position:
    speeds = np.maximum(random.normal(1, SIGMA, (n_cases, 1, KNOTS)), SLOWEST)
    if n_timepoints == 1:
        return np.zeros((n_cases, 1))
    speed = interpolate(speeds, _make_grid(n_cases, n_timepoints - 1))[:, 0]
    travelled = np.concatenate([np.zeros((n_cases, 1)), speed.cumsum(axis=1)], axis=1)
    share: Position = travelled / travelled[:, -1:]
    return share


def _draw_slice(position: Position, random: np.random.Generator) -> Position:
    return (1 - SLICE) * random.random((len(position), 1)) + SLICE * position

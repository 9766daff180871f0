"""Aligns pairs of series in time: dynamic time warping within a band, many pairs at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Position = NDArray[np.float64]
"""`[n, n_timepoints]`: where in its series, 0 … 1, each timepoint is taken from."""

BAND = 0.1
"""How far apart in time, as a share of the length, two timepoints may be matched (Sakoe & Chiba, 1978)."""

FINEST = 256
"""Longer series are matched at so many timepoints, which bounds the work: it grows with the square of the length."""

DIAGONAL, GUIDE_ALONE, SERIES_ALONE = range(3)


def align(series: NDArray[np.floating[Any]], guides: NDArray[np.floating[Any]]) -> Position:
    """The position in each case of `series` that matches its guide's timepoints, both `[n, n_channels, n_timepoints]`.

    Dynamic time warping with symmetric steps, all channels together, each standardised case by case, so that level
    and scale play no part. The matching is followed at even speed, as Iwana & Uchida (2021) do.
    """
    n_cases, _, n_timepoints = series.shape
    if n_timepoints == 1:
        return np.zeros((n_cases, 1))
    one, other = (_standardise(_coarsen(cases)) for cases in (series, guides))
    position = _follow(*_trace_path(_find_moves(one, other)))
    if n_timepoints <= FINEST:
        return position
    return interpolate(position[:, None, :], _space_evenly(n_cases, n_timepoints))[:, 0]


def _coarsen(series: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Reduce series to at most FINEST timepoints."""
    if series.shape[2] <= FINEST:
        return series
    return interpolate(series, _space_evenly(len(series), FINEST))


def _space_evenly(n_cases: int, n_timepoints: int) -> Position:
    return np.broadcast_to(np.linspace(0, 1, n_timepoints), (n_cases, n_timepoints))


def interpolate(series: NDArray[np.floating[Any]], position: Position) -> NDArray[Any]:
    """`series` `[n, n_channels, n_timepoints]`, linearly interpolated at `position` `[n, m]`: `[n, n_channels, m]`."""
    last = series.shape[2] - 1
    if last == 0:
        return np.repeat(series, position.shape[1], axis=2)
    place = position * last
    left = np.clip(np.floor(place).astype(np.int64), 0, last - 1)
    share = (place - left).astype(series.dtype)[:, None, :]
    index = left[:, None, :]
    before, after = (np.take_along_axis(series, at, axis=2) for at in (index, index + 1))
    between: NDArray[Any] = (1 - share) * before + share * after
    return between


def _standardise(series: NDArray[np.floating[Any]]) -> Float:
    centred = series.astype(np.float64) - series.mean(axis=2, keepdims=True, dtype=np.float64)
    scaled: Float = centred / np.maximum(centred.std(axis=2, keepdims=True), 1e-12)
    return scaled


def _compute_bounds(diagonal: int, n_timepoints: int) -> tuple[int, int]:
    """Return the first and last timepoint of the guide in the band, where both timepoints add up to `diagonal`."""
    radius = _compute_radius(n_timepoints)
    lowest = max(0, diagonal - n_timepoints + 1, -((radius - diagonal) // 2))
    return lowest, min(diagonal, n_timepoints - 1, (diagonal + radius) // 2)


def _compute_radius(n_timepoints: int) -> int:
    return max(1, int(np.ceil(BAND * n_timepoints)))


def _find_moves(series: Float, guides: Float) -> NDArray[np.int8]:
    """Find the last step of the cheapest path to each cell: `[2 n_timepoints - 1, width, n]`, by diagonal.

    Cells of one diagonal depend on the two before it alone, so that all of them, of all pairs, are had at once.
    """
    n_cases, _, n_timepoints = series.shape
    # Time first: what a diagonal takes of an array then lies together.
    backwards, forwards = (np.ascontiguousarray(cases.transpose(2, 1, 0)) for cases in (series[:, :, ::-1], guides))
    moves = np.zeros((2 * n_timepoints - 1, _compute_radius(n_timepoints) + 1, n_cases), np.int8)
    before = last = np.full((n_timepoints + 1, n_cases), np.inf)
    for diagonal in range(2 * n_timepoints - 1):
        low, high = _compute_bounds(diagonal, n_timepoints)
        opposite = n_timepoints - 1 - diagonal
        offsets = forwards[low : high + 1] - backwards[opposite + low : opposite + high + 1]
        cost = np.einsum("tcn,tcn->tn", offsets, offsets)
        # Row i + 1 holds timepoint i of the guide; row 0 is what lies before the first.
        both, guide, own = before[low : high + 1], last[low : high + 1], last[low + 1 : high + 2]
        alone = np.minimum(guide, own)
        moves[diagonal, : high - low + 1] = np.where(both <= alone, DIAGONAL, GUIDE_ALONE + (own < guide))
        now = np.full_like(last, np.inf)
        now[low + 1 : high + 2] = cost + (np.minimum(both, alone) if diagonal else 0)
        before, last = last, now
    return moves


def _trace_path(moves: NDArray[np.int8]) -> tuple[Float, NDArray[np.int64]]:
    """Return the timepoints of the series along each path, from its end, `[n, longest]`, and the lengths `[n]`."""
    n_timepoints, cases = (len(moves) + 1) // 2, np.arange(moves.shape[2])
    lowest = np.array([_compute_bounds(diagonal, n_timepoints)[0] for diagonal in range(len(moves))])
    guide, series = (np.full(len(cases), n_timepoints - 1) for _ in range(2))
    visited, length = [series], np.ones(len(cases), np.int64)
    while (under_way := guide + series > 0).any():
        diagonal = guide + series
        step = moves[diagonal, guide - lowest[diagonal], cases]
        guide = guide - (under_way & (step != SERIES_ALONE))
        series = series - (under_way & (step != GUIDE_ALONE))
        visited.append(series)
        length += under_way
    return np.stack(visited, axis=1).astype(np.float64), length


def _follow(path: Float, length: NDArray[np.int64]) -> Position:
    """The paths, backwards, of their own lengths, as positions at n_timepoints even steps forwards."""
    last = path[0, 0]
    share = np.linspace(1, 0, int(last) + 1) * (length[:, None] - 1) / max(path.shape[1] - 1, 1)
    followed: Position = interpolate(path[:, None, :], share)[:, 0] / last
    return followed

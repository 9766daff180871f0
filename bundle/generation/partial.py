"""Series of which values are missing, each with the places of its timepoints on a bundle's grid.

Unlike `bundle/grid.py`, which fills what is missing by straight lines, this leaves it missing, whatever a bundle's gap
policy: it is to be completed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.grid import FIELD, check_length, check_times, compute_positions
from bundle.shape import SeriesShape

Array = NDArray[np.float32]
Float = NDArray[np.float64]


@dataclass(frozen=True)
class PartialCase:
    """A case of which values are missing: `values` `[n_channels, length]`, NaN where one is, at least one is not.

    `positions` `[length]`, ascending, say where its timepoints lie on a bundle's grid, 0 … n_timepoints - 1.
    """

    values: Array
    positions: Float

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """What is not missing, `[n_channels, length]`."""
        return ~np.isnan(self.values)

    def read(self, series: Array) -> Float:
        """Read series `[n, n_channels, n_timepoints]` on the grid at the case's timepoints: `[n, n_channels, length]`.

        Between two timepoints of the grid values are interpolated linearly.
        """
        last = series.shape[2] - 1
        left = np.clip(np.floor(self.positions).astype(np.int64), 0, max(last - 1, 0))
        share = self.positions - left
        before: Float = series[:, :, left].astype(np.float64)
        if not share.any():
            return before
        after = series[:, :, np.minimum(left + 1, last)]
        return before + share * (after - before)


def place_partial(
    cases: Sequence[Array] | Array, shape: SeriesShape, n_timepoints: int | None, times: Sequence[Float] | None
) -> list[PartialCase]:
    """Place cases, float32 `[n_channels, length]` each, NaN where a value is missing, on the grid of `shape`.

    What follows a case's last timepoint is missing too: up to `n_timepoints`, or as far as its `times` go; without
    either, up to the length of every series of the bundle, where they have one length. Raises `InvalidRequest`.
    """
    if times is not None:
        _refuse_times(shape, n_timepoints, len(times), len(cases))
    placed = []
    for number, case in enumerate(cases):
        own = None if times is None else times[number][~np.isnan(times[number])]
        length = _choose_length(case, shape, n_timepoints) if own is None else len(own)
        _check_length(length, shape, number, n_timepoints)
        values = _lengthen(case, length, shape, number)
        if own is not None:
            check_times([own], [values], number)
        placed.append(PartialCase(values, _find_positions(length, shape, own)))
    return placed


def _refuse_times(shape: SeriesShape, n_timepoints: int | None, n_times: int, n_cases: int) -> None:
    if not shape.takes_times:
        raise InvalidRequest(
            "times came with series, and the model takes none: its series are evenly spaced. Leave times out, or fit a "
            "model to series that have times.",
            "times",
        )
    if n_timepoints is not None:
        raise InvalidRequest(
            "both times and n_timepoints came; times say already how far each series goes, so send one of them.",
            "n_timepoints",
        )
    if n_times != n_cases:
        raise InvalidRequest(f"there are {n_cases} series and times for {n_times}; send them for each.", "times")


def _check_length(length: int, shape: SeriesShape, number: int, asked: int | None) -> None:
    try:
        check_length(length, shape, number)
    except InvalidRequest as error:
        if asked is None:
            raise
        takes = f"{shape.n_timepoints}" if shape.is_fixed else f"{shape.shortest} to {shape.longest}"
        raise InvalidRequest(
            f"n_timepoints is {asked}; the model takes series of {takes} timepoints.", "n_timepoints"
        ) from error


def _choose_length(case: Array, shape: SeriesShape, n_timepoints: int | None) -> int:
    if n_timepoints is not None:
        return n_timepoints
    if shape.is_fixed:
        return max(shape.n_timepoints, int(case.shape[1]))
    present = np.flatnonzero(~np.isnan(case).all(axis=0))
    return int(present[-1]) + 1 if len(present) else int(case.shape[1])


def _lengthen(case: Array, length: int, shape: SeriesShape, number: int) -> Array:
    """Return a case with NaN behind it, up to `length`; NaN beyond that is left out."""
    if len(case) != shape.n_channels:
        raise InvalidRequest(f"{FIELD}[{number}] has {len(case)} channels; the model takes {shape.n_channels}.", FIELD)
    if not np.isnan(case[:, length:]).all():
        raise InvalidRequest(
            f"{FIELD}[{number}] has {case.shape[1]} timepoints, and is to have {length}; ask for as many at least.",
            "n_timepoints",
        )
    if np.isnan(case).all():
        raise InvalidRequest(
            f"{FIELD}[{number}] has no value at all; send at least one, or ask /sample for series from nothing.", FIELD
        )
    behind = np.full((len(case), max(0, length - case.shape[1])), np.nan, np.float32)
    return np.concatenate([case[:, :length], behind], axis=1)


def _find_positions(length: int, shape: SeriesShape, times: Float | None) -> Float:
    if times is not None:
        return compute_positions(times, shape)
    if shape.length_policy == "resample":
        return np.linspace(0, shape.n_timepoints - 1, length)
    return np.arange(length, dtype=np.float64)

"""Puts series of any length, with gaps or at times of their own, onto a bundle's grid, and answers back.

A bundle's graphs take `[n, n_channels, n_timepoints]` without a gap. The fit and the server both come to it by this
module, so a bundle sees a caller's series as it saw its training series. `models/README.md` gives the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.gaps import check_gaps, fill_gaps
from bundle.resampling import resample
from bundle.shape import SeriesShape

Array = NDArray[np.float32]
Times = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIELD = "series"


@dataclass(frozen=True)
class OnGrid:
    """Series on the grid, `[n, n_channels, n_timepoints]`, and how the callers' lie on it.

    lengths: how many timepoints each had, `[n]`, without those at its end that every channel misses.
    cases: what the callers gave, their gaps filled, `[n_channels, length]` each.
    counted: which values count in an error, `[n, n_channels, n_timepoints]`; None: all.
    n_filled, n_gappy: how many values were filled, in how many cases.
    positions: where each case's timepoints lie on the grid, `[length]` each; None: as the length policy says.
    """

    series: Array
    lengths: NDArray[np.int64]
    cases: Sequence[Array] | Array
    shape: SeriesShape
    counted: Flags | None = None
    n_filled: int = 0
    n_gappy: int = 0
    positions: tuple[Times, ...] | None = None

    @property
    def n_values(self) -> int:
        """How many values all cases have at the longest's length."""
        n_cases, n_channels, _ = self.series.shape
        return int(n_cases * n_channels * self.lengths.max(initial=0))

    def stack_cases(self, width: int) -> Array:
        """Return `cases` as they were, zeros behind each: `[n, n_channels, width]`."""
        stacked = np.zeros((*self.series.shape[:2], width), np.float32)
        for place, case in enumerate(self.cases):
            stacked[place, :, : case.shape[1]] = case
        return stacked

    def stretch(self) -> OnGrid:
        """Return the same cases, each stretched over the whole grid whatever the length policy, gaps filled.

        For what bends time and asks no graph: it would bend padding too.
        """
        return put_on_grid(self.cases, self.shape.model_copy(update={"length_policy": "resample"}))

    def restore(self, series: Array) -> Array:
        """Bring `series` from the grid back to the cases' own timepoints: `[n, n_channels, longest]`, zeros behind."""
        if self.positions is None:
            return bring_to_lengths(series, self.lengths, self.shape)
        restored = np.zeros((*series.shape[:2], int(self.lengths.max())), np.float32)
        grid = np.arange(series.shape[2])
        for case, positions in enumerate(self.positions):
            for channel, values in enumerate(series[case]):
                restored[case, channel, : len(positions)] = np.interp(positions, grid, values)
        return restored

    def restore_each(self, series: Array, n_each: int) -> Array:
        """Bring `n_each` series that were made of each case back to its own timepoints, see `restore`."""
        positions = None if self.positions is None else tuple(own for own in self.positions for _ in range(n_each))
        return replace(self, lengths=np.repeat(self.lengths, n_each), positions=positions).restore(series)


def bring_to_lengths(series: Array, lengths: NDArray[np.int64], shape: SeriesShape, width: int | None = None) -> Array:
    """Bring `series` `[n, n_channels, n_timepoints]` from the grid to `lengths` `[n]`, zeros behind each:
    `[n, n_channels, width]`, the longest where no width is given."""
    restored = np.zeros((*series.shape[:2], width or int(lengths.max(initial=1))), np.float32)
    for length, index in _group_equal(lengths):
        own = series[index]
        restored[index, :, :length] = resample(own, length) if shape.length_policy == "resample" else own[:, :, :length]
    return restored


def put_on_grid(
    cases: Sequence[Array] | Array, shape: SeriesShape, times: Sequence[Times] | None = None, field: str = FIELD
) -> OnGrid:
    """Put cases, float32 `[n_channels, length]` each, NaN where a value is missing, onto the grid of `shape`.

    `times` `[length]` each, ascending: where the values were taken. Raises `InvalidRequest`, naming the case.
    """
    if times is not None and not shape.takes_times:
        raise InvalidRequest(
            "times came with series, and the model takes none: its series are evenly spaced. Leave times out, or fit a "
            "model to series that have times.",
            "times",
        )
    if isinstance(cases, np.ndarray) and times is None and not np.isnan(cases).any():
        check_length(cases.shape[2], shape, 0, field)
        lengths = np.full(len(cases), cases.shape[2])
        return OnGrid(_bring_to_grid(cases, shape), lengths, cases, shape, _mark_counted(lengths, None, shape))
    checked = [_take_case(case, shape, number, field) for number, case in enumerate(cases)]
    missing = [np.isnan(case) for case in checked]
    if times is not None:
        check_times(times, checked)
    filled, measured = [], []
    for number, (case, gap) in enumerate(zip(checked, missing, strict=True)):
        own = None if times is None else times[number][: case.shape[1]]
        if gap.any():
            check_gaps(gap, shape, number, field)
            case = fill_gaps(case, gap, own)
        filled.append(case)
        measured.append(~gap)
    return _arrange(filled, measured, times, shape)


def check_length(length: int, shape: SeriesShape, case: int, field: str = FIELD) -> None:
    """Raise `InvalidRequest` where a bundle takes no series of `length` timepoints."""
    if shape.is_fixed and length != shape.n_timepoints:
        raise InvalidRequest(
            f"{field}[{case}] has {length} timepoints; the model takes {shape.n_timepoints}. Resample to "
            f"{shape.n_timepoints} timepoints, or fit a model to your lengths.",
            field,
        )
    if shape.shortest is not None and shape.longest is not None and not shape.shortest <= length <= shape.longest:
        raise InvalidRequest(
            f"{field}[{case}] has {length} timepoints; the model takes {shape.shortest} to {shape.longest}. Cut or "
            "join series to lengths in between, or fit a model to yours.",
            field,
        )


def _take_case(case: Array, shape: SeriesShape, number: int, field: str) -> Array:
    """Return a case without the timepoints at its end that every channel misses, where lengths may vary."""
    if len(case) != shape.n_channels:
        raise InvalidRequest(f"{field}[{number}] has {len(case)} channels; the model takes {shape.n_channels}.", field)
    length = case.shape[1]
    if not shape.is_fixed:
        present = np.flatnonzero(~np.isnan(case).all(axis=0))
        length = int(present[-1]) + 1 if len(present) else 0
    check_length(length, shape, number, field)
    return case[:, :length]


def check_times(times: Sequence[Times], cases: Sequence[Array], first: int = 0) -> None:
    """Raise `InvalidRequest` unless the times of each case rise, one for each timepoint; `first` numbers the first."""
    if len(times) != len(cases):
        raise InvalidRequest(f"there are {len(cases)} series and times for {len(times)}; send them for each.", "times")
    for number, (own, case) in enumerate(zip(times, cases, strict=True), first):
        if len(own) < case.shape[1] or not np.isnan(own[case.shape[1] :]).all():
            raise InvalidRequest(
                f"times[{number}] has {len(own)} values, and series[{number}] {case.shape[1]} timepoints; send one for "
                "each.",
                "times",
            )
        if not np.isfinite(own[: case.shape[1]]).all() or (np.diff(own[: case.shape[1]]) <= 0).any():
            raise InvalidRequest(
                f"times[{number}] does not rise from each value to the next; sort the timepoints of a series by time, "
                "and send each time once.",
                "times",
            )


def _arrange(filled: list[Array], measured: list[Flags], times: Sequence[Times] | None, shape: SeriesShape) -> OnGrid:
    """Bring cases without gaps to the grid."""
    lengths = np.array([case.shape[1] for case in filled], np.int64)
    positions = None
    if times is not None:
        positions = tuple(compute_positions(own[:length], shape) for own, length in zip(times, lengths, strict=True))
    flags = None
    if shape.gap_policy == "mask":
        flags = _carry([case.astype(np.float32) for case in measured], lengths, positions, shape) > 0.5
    counted = _mark_counted(lengths, flags, shape)
    gaps = [int((~case).sum()) for case in measured]
    series = _carry(filled, lengths, positions, shape)
    return OnGrid(series, lengths, filled, shape, counted, sum(gaps), sum(map(bool, gaps)), positions)


def _carry(
    cases: list[Array], lengths: NDArray[np.int64], positions: tuple[Times, ...] | None, shape: SeriesShape
) -> Array:
    """Bring each case to the grid, from its `positions` there or as the length policy says, equal lengths together."""
    carried = np.empty((len(cases), shape.n_channels, shape.n_timepoints), np.float32)
    if positions is None:
        for _, index in _group_equal(lengths):
            carried[index] = _bring_to_grid(np.stack([cases[case] for case in index]), shape)
        return carried
    grid = np.arange(shape.n_timepoints)
    for number, (case, own) in enumerate(zip(cases, positions, strict=True)):
        for channel, values in enumerate(case):
            carried[number, channel] = np.interp(grid, own, values)
    return carried


def _bring_to_grid(series: Array, shape: SeriesShape) -> Array:
    """Bring series `[n, n_channels, length]` to the grid's length, as the length policy says."""
    if shape.length_policy == "resample":
        return resample(series, shape.n_timepoints)
    behind = shape.n_timepoints - series.shape[2]
    return series if behind == 0 else np.pad(series, ((0, 0), (0, 0), (0, behind)), "edge")


def _mark_counted(lengths: NDArray[np.int64], measured: Flags | None, shape: SeriesShape) -> Flags | None:
    """Mark what is no padding, and was measured where the gap policy is 'mask'; None: everything."""
    if shape.length_policy != "pad":
        return measured
    inside = np.arange(shape.n_timepoints) < lengths[:, None]
    within = np.broadcast_to(inside[:, None], (len(lengths), shape.n_channels, shape.n_timepoints))
    return within.copy() if measured is None else within & measured


def compute_positions(times: Times, shape: SeriesShape) -> Times:
    """Compute where a case's times lie on the grid, whose ends are its first and its last time."""
    span: Times = (times - times[0]) / (times[-1] - times[0]) * (shape.n_timepoints - 1)
    return span


def _group_equal(lengths: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each length, and the indices of the cases that have it."""
    order = np.argsort(lengths, kind="stable")
    values, starts = np.unique(lengths[order], return_index=True)
    yield from zip(values.tolist(), np.split(order, starts[1:]), strict=True)

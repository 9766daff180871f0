"""Series are numbers of a size that can be learnt from, missing values apart, or they are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.shape import MOST_VALUES
from training.data.cases import DatasetError
from training.data.raw import Series

MIN_TIMEPOINTS = 8
"""Of the longest series."""

MOST_MAGNITUDE = 1e18
"""Squares of larger values are no 32-bit numbers, and errors are squares."""

Array = NDArray[np.float32]


def check_series(series: Series, where: str, min_cases: int) -> Array | list[Array]:
    """float32 `[n_cases, n_channels, n_timepoints]`, C-contiguous, or, where lengths differ, `[n_channels, length]` of
    each case; NaN where a value is missing, but not in every channel at a series' end. `where` names the partition in a
    DatasetError."""
    if len(series) < min_cases:
        raise DatasetError(f"{where} holds {len(series)} cases, but at least {min_cases} are needed. Give more cases.")
    cases = narrow_series(series, where)
    _refuse_small(len(cases[0]), max(case.shape[1] for case in cases), where)
    return cases


def narrow_series(series: Series, where: str) -> Array | list[Array]:
    """What `check_series` answers, of series of any size."""
    stacked = series if isinstance(series, np.ndarray) else _stack(series, where)
    if isinstance(stacked, list):
        whole: Array | list[Array] = [_narrow(case[None], where, number)[0] for number, case in enumerate(stacked)]
    else:
        _refuse_other_types(stacked, where)
        whole = _narrow(stacked, where)
    return _cut_ends(whole)


def _stack(series: Sequence[Sequence[NDArray[np.float64]]], where: str) -> NDArray[np.float64] | list[Any]:
    channels = sorted({len(case) for case in series})
    if len(channels) > 1:
        raise DatasetError(
            f"{where} has cases of {channels[0]} to {channels[-1]} channels. Every case needs the same channels."
        )
    for number, case in enumerate(series):
        lengths = sorted({len(channel) for channel in case})
        if len(lengths) > 1:
            raise DatasetError(
                f"{where} has a case {number} (counted from 0) whose channels have {lengths[0]} to {lengths[-1]} "
                "timepoints. The channels of a case go together: fill up the shorter ones with missing values (NaN)."
            )
    cases = [np.stack(list(case)) for case in series]
    return np.stack(cases) if len({case.shape[1] for case in cases}) == 1 else cases


def _cut_ends(cases: Array | list[Array]) -> Array | list[Array]:
    """The cases without the timepoints at their ends that every channel misses: so a table fills up shorter series."""
    if isinstance(cases, np.ndarray) and not (cases.size and np.isnan(cases[:, :, -1]).all(axis=1).any()):
        return cases
    cut = [case[:, : _measure_length(case)] for case in cases]
    return np.stack(cut) if len({case.shape[1] for case in cut}) == 1 else cut


def _measure_length(case: Array) -> int:
    present = np.flatnonzero(~np.isnan(case).all(axis=0))
    return int(present[-1]) + 1 if len(present) else 0


def _refuse_other_types(array: NDArray[Any], where: str) -> None:
    if array.dtype.kind not in "fiub":
        raise DatasetError(
            f"The series of {where} are of type {array.dtype}, but real numbers were expected. "
            "Save them as a float or an integer array."
        )


def _refuse_small(n_channels: int, n_timepoints: int, where: str) -> None:
    if n_timepoints < MIN_TIMEPOINTS:
        raise DatasetError(
            f"The series of {where} have {n_timepoints} timepoints, but at least {MIN_TIMEPOINTS} are needed. Give "
            f"longer series; if the axes are in another order (here {n_channels} channels), give the layout."
        )
    if n_channels < 1:
        raise DatasetError(f"The series of {where} have no channels, but at least one is needed.")
    if n_channels * n_timepoints > MOST_VALUES:
        raise DatasetError(
            f"A series of {where} has {n_channels} channels of {n_timepoints} timepoints, {n_channels * n_timepoints} "
            f"values, but a bundle's has {MOST_VALUES} at most. Cut or resample the series, or give fewer channels."
        )


def _narrow(array: NDArray[Any], where: str, first: int = 0) -> Array:
    """float32, C-contiguous; `first` is the number of the first case."""
    _refuse_where(np.isinf(array), where, first, "not finite (infinite)", "Correct them or drop those cases")
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(array, dtype=np.float32)
    with np.errstate(invalid="ignore"):
        large = np.abs(array) > MOST_MAGNITUDE
    _refuse_where(
        large, where, first, f"beyond ±{MOST_MAGNITUDE:g}, where squares are no 32-bit numbers", "Give a larger unit"
    )
    return narrow


def _refuse_where(bad: NDArray[np.bool_], where: str, first: int, problem: str, remedy: str) -> None:
    if not bad.any():
        return
    case, channel, timepoint = np.unravel_index(int(bad.argmax()), bad.shape)
    raise DatasetError(
        f"{where} holds {int(bad.sum())} values that are {problem}; the first is at case {first + case}, channel "
        f"{channel}, timepoint {timepoint} (counted from 0). {remedy}, then load again."
    )

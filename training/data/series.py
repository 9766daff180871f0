"""Series are finite, of one length and of a size that can be learnt from, or they are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.shape import MOST_VALUES
from training.data.cases import DatasetError
from training.data.raw import Series

MIN_TIMEPOINTS = 8


def check_series(series: Series, where: str, min_cases: int) -> NDArray[np.float32]:
    """float32 `[n_cases, n_channels, n_timepoints]`, C-contiguous; `where` names the partition in a DatasetError."""
    if len(series) < min_cases:
        raise DatasetError(f"{where} holds {len(series)} cases, but at least {min_cases} are needed. Give more cases.")
    array = series if isinstance(series, np.ndarray) else _stack(series, where)
    _refuse_other_types(array, where)
    _refuse_small(array, where)
    _refuse_where(~np.isfinite(array), where, "not finite (NaN or infinite)", "Fill the gaps or drop those cases")
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(array, dtype=np.float32)
    _refuse_where(~np.isfinite(narrow), where, "too large for float32", "Give the series in a larger unit")
    return narrow


def _stack(series: Sequence[Sequence[NDArray[np.float64]]], where: str) -> NDArray[np.float64]:
    channels = sorted({len(case) for case in series})
    if len(channels) > 1:
        raise DatasetError(
            f"{where} has cases of {channels[0]} to {channels[-1]} channels. Every case needs the same channels."
        )
    lengths = sorted({len(channel) for case in series for channel in case})
    if len(lengths) > 1:
        raise DatasetError(
            f"{where} has series of unequal length: the shortest has {lengths[0]} timepoints, the longest "
            f"{lengths[-1]}. Every series needs the same number: resample, cut or pad them to one length first."
        )
    return np.stack([np.stack(list(case)) for case in series])


def _refuse_other_types(array: NDArray[Any], where: str) -> None:
    if array.dtype.kind not in "fiub":
        raise DatasetError(
            f"The series of {where} are of type {array.dtype}, but real numbers were expected. "
            "Save them as a float or an integer array."
        )


def _refuse_small(array: NDArray[Any], where: str) -> None:
    n_channels, n_timepoints = array.shape[1:]
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


def _refuse_where(bad: NDArray[np.bool_], where: str, problem: str, remedy: str) -> None:
    if not bad.any():
        return
    case, channel, timepoint = np.unravel_index(int(bad.argmax()), bad.shape)
    raise DatasetError(
        f"{where} holds {int(bad.sum())} values that are {problem}; the first is at case {case}, channel {channel}, "
        f"timepoint {timepoint} (counted from 0). {remedy}, then load again."
    )

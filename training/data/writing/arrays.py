"""Cases as writers need them: an array each, labels and groups of one type, names for channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw


def list_arrays(cases: Raw) -> list[NDArray[Any]]:
    """Each case as `[n_channels, n_timepoints]`; DatasetError where its channels differ in length."""
    for number, case in enumerate(cases.series):
        if len({len(channel) for channel in case}) > 1:
            raise DatasetError(
                f"Case {number} (counted from 0) has channels of {', '.join(map(str, map(len, case)))} timepoints, and "
                "no format here writes channels of different lengths. Give all channels the same timepoints, NaN where "
                "a value is missing."
            )
    return [np.asarray(case) for case in cases.series]


def is_regular(cases: Raw) -> bool:
    """Whether the cases are of one length, without times of their own."""
    return cases.times is None and len({array.shape for array in list_arrays(cases)}) <= 1


def list_values(values: Sequence[object]) -> list[int] | list[str]:
    """Labels or groups: integers where all are, else text."""
    if all(isinstance(value, int | np.integer) and not isinstance(value, bool) for value in values):
        return [int(value) for value in values]  # type: ignore[call-overload]
    return [str(value) for value in values]


def name_channels(cases: Raw, one: str) -> list[str]:
    """The channels' names: those they have, else `one` for a single channel, else c0, c1, …"""
    n_channels = len(cases.series[0]) if len(cases.series) else 1
    if cases.channel_names is not None:
        return list(cases.channel_names)
    return [one] if n_channels == 1 else [f"c{channel}" for channel in range(n_channels)]


def note_lost(cases: Raw, *lost: str) -> tuple[str, ...]:
    """A note for each of the fields of `cases` that a format has no place for and that is there."""
    words = {
        "timepoint_labels": "the labels of timepoints",
        "groups": "groups",
        "channel_names": "the channels' names",
        "units": "the channels' units",
        "sampling_interval": "the sampling interval",
    }
    return tuple(f"not written, as the format has no place for it: {words[name]}" for name in lost if _has(cases, name))


def _has(cases: Raw, name: str) -> bool:
    return getattr(cases, name) is not None

"""Missing values within a series are found, bounded and filled by linear interpolation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.shape import SeriesShape

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]


def fill_gaps(case: Array, missing: Flags, times: NDArray[np.float64] | None = None) -> Array:
    """Fill what is `missing` of a case, both `[n_channels, n_timepoints]`; a channel's ends take its nearest value.

    Linear between the values on both sides, over `times` `[n_timepoints]` where they are given. Every channel needs a
    value.
    """
    at = np.arange(case.shape[1]) if times is None else times
    filled = case.copy()
    for channel in np.flatnonzero(missing.any(axis=1)):
        gap = missing[channel]
        filled[channel, gap] = np.interp(at[gap], at[~gap], case[channel, ~gap])
    return filled


def check_gaps(missing: Flags, shape: SeriesShape, case: int, field: str) -> None:
    """Raise `InvalidRequest` where more of case number `case` is `missing` than a bundle's `shape` allows."""
    if shape.gap_policy == "refuse" or shape.longest_gap is None or shape.most_missing is None:
        channel, timepoint = (int(place) for place in np.argwhere(missing)[0])
        raise InvalidRequest(
            f"{field}[{case}][{channel}][{timepoint}] is nan, which is no finite 32-bit number; fill gaps and rescale "
            "before sending.",
            field,
        )
    share, run = float(missing.mean()), measure_longest_run(missing)
    empty = np.flatnonzero(missing.all(axis=1))
    if len(empty):
        came = f"has no value at all in channel {empty[0]}"
    elif share > shape.most_missing:
        came = f"misses {share:.0%} of its values"
    elif run > max(1, shape.longest_gap * missing.shape[1]):
        came = f"has a gap of {run} of its {missing.shape[1]} timepoints"
    else:
        return
    raise InvalidRequest(
        f"{field}[{case}] {came}; at most {shape.most_missing:.0%} may be missing, in gaps of at most "
        f"{shape.longest_gap:.0%} of its length. Fill the gaps, or leave the case out.",
        field,
    )


def measure_longest_run(missing: Flags) -> int:
    """Measure the longest run of missing timepoints in any channel of `missing` `[n_channels, n_timepoints]`."""
    edges = np.diff(missing.astype(np.int8), axis=1, prepend=0, append=0)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    return int((ends[:, 1] - starts[:, 1]).max(initial=0))

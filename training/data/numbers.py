"""Numbers that float32 would change, and numbers that stand for something else, are named before a fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw, Series

MOST_ROUNDING = 0.01
"""What float32 may round a channel's values by, of their standard deviation."""
MOST_DEVIATIONS = 1e6
"""How many times as far from the median as the others a value may lie; farther, float32 cannot hold the others."""
LARGEST_WHOLE, LARGEST_COUNTED = 2**24, 2**53
"""Up to these, float32 and float64 hold every whole number; beyond the second, every number is whole."""
LEAST_SHARE, LEAST_COUNT = 0.001, 5
"""How often a value must come to be taken for a code: of all values, and at all."""
CODE_DEVIATIONS = 3.0
"""How far from all others, in their standard deviations, it must lie."""
LEAST_DISTINCT = 20
"""Of so many distinct values at least; a channel of few levels has no code."""

Channel = NDArray[np.float64]


def note_numbers(raw: Raw, where: str) -> Raw:
    """`raw` with a note on each thing that is odd about its numbers; `where` names the partition.

    Raises DatasetError when float32, in which everything is learned and served, would lose a channel's values: by an
    offset, or by values beyond reason.
    """
    notes: list[str] = []
    for number, values in enumerate(_list_channels(raw.series)):
        channel = f"channel {number} of {where[0].lower()}{where[1:]}"
        known = values[np.isfinite(values)]
        if len(known) == 0:
            continue
        _refuse_outliers(known, channel, raw.series, number)
        _refuse_offset(known, channel)
        notes += [*_describe_code(known, channel), *_describe_rounding(known, channel)]
    return replace(raw, notes=(*raw.notes, *notes))


def _list_channels(series: Series) -> Iterator[Channel]:
    if isinstance(series, np.ndarray):
        yield from (series[:, number].ravel().astype(np.float64) for number in range(series.shape[1]))
    elif len(series):
        for number in range(min(map(len, series))):
            yield np.concatenate([np.asarray(case[number], dtype=np.float64) for case in series])


def _refuse_outliers(known: Channel, channel: str, series: Series, number: int) -> None:
    distances = np.abs(known - np.median(known))
    spread = np.median(distances[distances > 0]) if (distances > 0).any() else 0.0
    far = distances > MOST_DEVIATIONS * spread
    if spread == 0 or not far.any():
        return
    value = known[far][0]
    first = next(case for case, each in enumerate(series) if (np.asarray(each[number]) == value).any())
    raise DatasetError(
        f"{int(far.sum())} values of {channel} are more than a million times as far from the median as most; the first "
        f"is {value:g}, in case {first} (counted from 0). Beside them all others would be equal in float32. Mend "
        f"them, or say that they stand for missing values: --missing {value:g}."
    )


def _refuse_offset(known: Channel, channel: str) -> None:
    with np.errstate(over="ignore"):
        level = np.float32(np.abs(known).max())
    deviation = known.std()
    if not np.isfinite(level) or known.min() == known.max():  # whose deviation, too, is but rounding
        return
    step = float(np.spacing(level))
    if step > MOST_ROUNDING * deviation:
        raise DatasetError(
            f"The values of {channel} lie about {np.median(known):g} and deviate by {deviation:.3g}, but float32 has "
            f"steps of {step:.3g} there, more than 1 % of that. Subtract an offset of about {np.median(known):g} first."
        )


def _describe_code(known: Channel, channel: str) -> Iterator[str]:
    """A value at an end that comes again and again, far from all others: likely a code for something else."""
    for value in (known.min(), known.max()):
        others = known[known != value]
        count = len(known) - len(others)
        if count < max(LEAST_COUNT, LEAST_SHARE * len(known)) or len(others) <= count:
            continue
        distance = np.abs(others - value).min()
        if distance > CODE_DEVIATIONS * others.std() and len(np.unique(others)) >= LEAST_DISTINCT:
            yield (
                f"{count} values of {channel} ({count / len(known):.1%}) are {value:g}, far from all others "
                f"({others.min():g} to {others.max():g}); if that stands for a missing value, give --missing {value:g}"
            )


def _describe_rounding(known: Channel, channel: str) -> Iterator[str]:
    rounded = known.astype(np.float32).astype(np.float64)
    in_reach = (np.abs(known) > LARGEST_WHOLE) & (np.abs(known) <= LARGEST_COUNTED)
    changed = in_reach & (known == np.round(known)) & (rounded != known)
    if changed.any():
        first = int(changed.argmax())
        yield (
            f"{int(changed.sum())} whole numbers of {channel} are beyond 2^24 and rounded to float32, in which series "
            f"are learned, served and given back: {known[first]:.0f} becomes {rounded[first]:.0f}"
        )

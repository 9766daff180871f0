"""Series of several lengths, with gaps or with times become arrays to learn from, as a bundle then takes them too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.grid import OnGrid, put_on_grid
from bundle.shape import MOST_VALUES, GapPolicy, SeriesShape
from training.data.cases import DatasetError
from training.settings import Bounds

MOST_MISSING = 0.5
"""Of a case's values: with more, a filled case is mostly invention."""

LEEWAY = 2
"""A bundle takes series of half the shortest length to twice the longest, where it resamples."""

Given = NDArray[np.float32] | list[NDArray[np.float32]]
"""Cases of one length, or of several; NaN where a value is missing."""


@dataclass(frozen=True)
class Shaping:
    """What becomes of unequal lengths and of missing values."""

    lengths: Literal["resample", "pad"] = "resample"
    """Series of unequal length: stretch each to the longest, or fill it up with its last value, which then counts in no
    error. The bundle treats callers' series alike, and answers at their lengths."""
    gaps: Literal["auto", "interpolate", "mask", "refuse"] = "auto"
    """Missing values (NaN, empty, ?): fill them by linear interpolation; fill them, but count them in no error; or
    refuse them. auto: interpolate where there are any, else refuse. The bundle treats callers' series alike."""
    longest_gap: Annotated[float, Bounds(gt=0, le=1)] = 0.25
    """The longest gap that is filled, as a share of its series; a case with a longer one is refused."""


DEFAULT = Shaping()


@dataclass(frozen=True)
class Part:
    """One partition as it was read: its name in sentences, its cases, and their times."""

    where: str
    cases: Given
    times: Sequence[NDArray[np.float64]] | None = None


def choose_shape(parts: Sequence[Part], shaping: Shaping) -> SeriesShape:
    """The shape that holds the series of all `parts`, the training set first. Raises `DatasetError`."""
    lengths = [_measure_lengths(part.cases) for part in parts]
    timed = any(part.times is not None for part in parts)
    known = np.concatenate(lengths)
    n_channels = len(parts[0].cases[0])
    varies = timed or len(np.unique(lengths[0])) > 1
    if not varies:
        _refuse_other_length(lengths)
    gaps = _choose_gaps(parts, shaping)
    longest_gap, most_missing = (None, None) if gaps == "refuse" else (shaping.longest_gap, MOST_MISSING)
    if timed and shaping.lengths == "pad":
        raise DatasetError(
            "The series come with times, which place them on a grid by interpolation. Leave --lengths pad out."
        )
    if known.min() < 2:
        raise DatasetError(
            f"{_name_shortest(parts, lengths)} has {known.min()} timepoints, and a series needs 2 at least. Drop it."
        )
    if not varies:
        return SeriesShape(
            n_channels=n_channels,
            n_timepoints=int(known[0]),
            gap_policy=gaps,
            longest_gap=longest_gap,
            most_missing=most_missing,
        )
    pad = shaping.lengths == "pad"
    longest = int(known.max() if pad else lengths[0].max())
    return SeriesShape(
        n_channels=n_channels,
        n_timepoints=longest,
        length_policy=shaping.lengths,
        shortest=max(2, int(known.min()) // LEEWAY),
        longest=longest if pad else min(LEEWAY * int(known.max()), MOST_VALUES // n_channels),
        timed=timed,
        gap_policy=gaps,
        longest_gap=longest_gap,
        most_missing=most_missing,
    )


def place(part: Part, shape: SeriesShape) -> OnGrid:
    """A partition on the grid of `shape`, as the bundle will place callers' series. Raises `DatasetError`."""
    try:
        return put_on_grid(part.cases, shape, part.times, field="case")
    except InvalidRequest as error:
        raise DatasetError(
            f"{part.where}: {error.message} (Cases are counted from 0; --longest-gap and --gaps say what is filled.)"
        ) from error


def describe_shape(placed: Sequence[tuple[Part, OnGrid]], shape: SeriesShape) -> Iterator[str]:
    """What was done to the series, in sentences."""
    lengths = np.concatenate([grid.lengths for _, grid in placed])
    n_timepoints = shape.n_timepoints
    if shape.timed:
        yield (
            f"The series come with times: each is interpolated linearly at {n_timepoints} even steps from its first "
            f"time to its last, and so are callers' series, of {shape.shortest} to {shape.longest} timepoints."
        )
    elif shape.length_policy == "resample":
        yield (
            f"The series have {lengths.min()} to {lengths.max()} timepoints: each is resampled to {n_timepoints}, and "
            f"so are callers' series, of {shape.shortest} to {shape.longest} (--lengths pad fills up instead)."
        )
    elif shape.length_policy == "pad":
        yield (
            f"The series have {lengths.min()} to {lengths.max()} timepoints: each is filled up to {n_timepoints} with "
            f"its last value, which counts in no error; callers' series may have {shape.shortest} to {shape.longest}."
        )
    for part, grid in placed:
        if grid.n_filled:
            counts = "" if shape.gap_policy == "interpolate" else ", and counted in no error"
            yield (
                f"{part.where}: {grid.n_filled} missing values in {grid.n_gappy} of {len(grid.series)} cases were "
                f"interpolated linearly{counts}."
            )


def _choose_gaps(parts: Sequence[Part], shaping: Shaping) -> GapPolicy:
    has_gaps = any(_find_gap(part.cases) is not None for part in parts)
    if shaping.gaps == "auto":
        return "interpolate" if has_gaps else "refuse"
    if shaping.gaps == "refuse" and has_gaps:
        where, (case, channel, timepoint) = next(
            (part.where, found) for part in parts if (found := _find_gap(part.cases)) is not None
        )
        raise DatasetError(
            f"{where} misses a value at case {case}, channel {channel}, timepoint {timepoint} (counted from 0), and "
            "--gaps refuse was given. Use --gaps interpolate or mask, or fill the gaps first."
        )
    return shaping.gaps


def _find_gap(cases: Given) -> tuple[int, int, int] | None:
    """Where the first value is missing."""
    for number, case in enumerate(cases):
        if (missing := np.isnan(case)).any():
            channel, timepoint = (int(at) for at in np.argwhere(missing)[0])
            return number, channel, timepoint
    return None


def _measure_lengths(cases: Given) -> NDArray[np.int64]:
    return np.array([case.shape[1] for case in cases], np.int64)


def _refuse_other_length(lengths: Sequence[NDArray[np.int64]]) -> None:
    expected = lengths[0][0]
    for own in lengths[1:]:
        if (own != expected).any():
            raise DatasetError(
                f"The test set has series of {own.min()} to {own.max()} timepoints, but those of the training set all "
                f"have {expected}. Bring both to one length, or leave the test set out."
            )


def _name_shortest(parts: Sequence[Part], lengths: Sequence[NDArray[np.int64]]) -> str:
    part, own = min(zip(parts, lengths, strict=True), key=lambda pair: int(pair[1].min()))
    return f"{part.where}: case {own.argmin()} (counted from 0)"

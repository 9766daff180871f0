"""Series of several lengths, with missing values or with times become what graphs take, where a model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.grid import OnGrid, put_on_grid
from bundle.manifest import Manifest
from bundle.showing import show

Array = NDArray[np.float32]
Times = list[NDArray[np.float64]]

NUMBERS = {int, float}
NUMBERS_OR_NULL = {int, float, type(None)}


@dataclass(frozen=True, repr=False)
class Uneven:
    """Series of several lengths or with missing values: float32 `[n_channels, length]` each, NaN where one is missing.

    `refusal` is what a model hears that takes complete series of one length alone.
    """

    cases: list[Array]
    refusal: InvalidRequest

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        return "a list"

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return sum(case.nbytes for case in self.cases)


def read_uneven(value: list[Any], deep: bool, refusal: InvalidRequest, first: int = 0) -> list[Array]:
    """Read JSON lists of numbers and nulls, of any length, as cases. Raises `refusal` where they hold anything else.

    `first`: the position of the first case, where others came before.
    """
    return [_read_case(case if deep else [case], refusal, first + place) for place, case in enumerate(value)]


def _read_case(channels: Any, refusal: InvalidRequest, place: int) -> Array:
    if type(channels) is not list or not channels:
        raise refusal
    for channel in channels:
        if type(channel) is not list or not NUMBERS_OR_NULL.issuperset(map(type, channel)):
            raise refusal
    lengths = {len(channel) for channel in channels}
    if len(lengths) > 1:
        raise InvalidRequest(
            f"{refusal.message} series[{place}] has channels of {min(lengths)} to {max(lengths)} values, and the "
            "channels of a series go together whatever the model: send null where a value is missing.",
            "series",
        )
    try:
        wide = np.array(channels, np.float64)
    except OverflowError as error:
        raise InvalidRequest("series holds an integer too large for a floating-point number.", "series") from error
    return narrow_case(wide, place)


def narrow_case(wide: NDArray[Any], place: int) -> Array:
    """Convert a case `[n_channels, length]` to float32. Raises `InvalidRequest` where a value is infinite there."""
    with np.errstate(over="ignore"):
        case: Array = wide.astype(np.float32)
    if (wrong := np.argwhere(np.isinf(case))).size:
        channel, timepoint = map(int, wrong[0])
        raise InvalidRequest(
            f"series[{place}][{channel}][{timepoint}] is {wide[channel, timepoint]}, which is no finite 32-bit number; "
            "fill gaps and rescale before sending.",
            "series",
        )
    return case


def split_array(array: NDArray[Any]) -> list[Array]:
    """Split an array `[n_cases, (n_channels,) length]` with NaN into cases. Raises `InvalidRequest`."""
    deep = array if array.ndim == 3 else array[:, None, :]
    return [narrow_case(case, place) for place, case in enumerate(deep)]


def parse_times(value: object) -> Times | None:
    """Convert times, a list of numbers or a row of an array for each case, to float64. Raises `InvalidRequest`."""
    if value is None:
        return None
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "fiu":
        return list(value.astype(np.float64))
    if not isinstance(value, list) or not all(
        type(row) is list and NUMBERS_OR_NULL.issuperset(map(type, row)) for row in value
    ):
        raise InvalidRequest(
            f"times is {show(value, 80)}; send a list of numbers for each case, one for each timepoint.", "times"
        )
    try:
        return [np.array(row, np.float64) for row in value]
    except OverflowError as error:
        raise InvalidRequest("times holds an integer too large for a floating-point number.", "times") from error


def place_series(series: Array | Uneven, times: Sequence[NDArray[np.float64]] | None, manifest: Manifest) -> OnGrid:
    """Put series onto a model's grid, as its fit put the training series. Raises `InvalidRequest`."""
    shape = manifest.series
    if isinstance(series, Uneven) and shape.is_fixed and shape.gap_policy == "refuse" and times is None:
        raise series.refusal
    return put_on_grid(list_cases(series, manifest), shape, times)


def list_cases(series: Array | Uneven, manifest: Manifest) -> list[Array] | Array:
    """List the cases, `[n_channels, length]` each, NaN where a value is missing. Raises `InvalidRequest`."""
    if isinstance(series, Uneven):
        return series.cases
    n_channels = manifest.series.n_channels
    if series.ndim == 2 and n_channels == 1:
        series = series[:, None, :]
    if series.ndim != 3 or series.shape[1] != n_channels:
        raise InvalidRequest(
            f"series is {' x '.join(map(str, series.shape))}; model {manifest.name!r} takes "
            f"[n_cases][{n_channels}][n_timepoints].",
            "series",
        )
    return series


def describe_placing(placed: OnGrid) -> str | None:
    """What was done to a caller's series, in a sentence; None where they are as they came."""
    if not placed.n_filled:
        return None
    count = ", and counts in no error" if placed.shape.gap_policy == "mask" else ""
    return (
        f"{placed.n_filled} missing values in {placed.n_gappy} of {len(placed.series)} series were filled by linear "
        f"interpolation{count}."
    )

"""What a request wants of the series that are made for it: bounds, fixed ends, a direction, a sum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from bundle.errors import InvalidRequest
from bundle.generation.constraints import LARGEST, Constraints, Direction, measure_moves
from bundle.manifest import Manifest
from bundle.shape import SeriesShape
from bundle.showing import show
from service.answers import FLOAT32, NULL, Axes, Columns, build_array_schema
from service.operations.contract import StrictRequest
from service.pace import run_unhurried

Numbers = NDArray[np.float64]
Lengths = NDArray[np.int64]

MOVED = {"mean_move": "<f4", "largest_move": "<f4"}
"""The columns that tell how far series were moved, as a stream announces them."""

EFFORT = 16
"""How much longer it takes to project a value than to write one."""


def parse_by_channel(value: object, info: ValidationInfo) -> Numbers | None:
    """Convert a number for all channels, or a list of one for each with null for none. Raises `InvalidRequest`."""
    if value is None:
        return None
    # A float32 stands for its shortest decimal, so that 0.7 is the number that it is in JSON.
    listed = [float(str(number)) for number in value.reshape(-1)] if isinstance(value, np.ndarray) else value
    numbers = listed if isinstance(listed, list) else [listed]
    if not numbers or not all(number is None or _is_float32(number) for number in numbers):
        raise InvalidRequest(
            f"{info.field_name} is {show(listed)}; send a finite 32-bit number for all channels, or a list of one for "
            "each, null where there is none.",
            info.field_name,
        )
    return np.array([np.nan if number is None else number for number in numbers], np.float64)


def _is_float32(number: object) -> bool:
    """Whether a value is a number that float32 holds, or NaN, which stands for none in tensors."""
    return isinstance(number, (int, float)) and not isinstance(number, bool) and not abs(number) > LARGEST


ByChannel = Annotated[
    Numbers | None,
    PlainValidator(parse_by_channel),
    WithJsonSchema({"anyOf": [FLOAT32, build_array_schema(1, {"anyOf": [FLOAT32, NULL]}, minItems=1), NULL]}),
    Axes("FP32", ("n_channels",)),
]


class ConstrainedRequest(StrictRequest):
    """Series are moved to the nearest ones that meet every constraint named, in original units."""

    lower: ByChannel = Field(None, description="no value is lower: a number, or one for each channel")
    upper: ByChannel = Field(None, description="no value is higher: a number, or one for each channel")
    non_negative: bool | None = Field(None, description="no value is below 0")
    start_value: ByChannel = Field(None, description="what each series begins with: a number, or one for each channel")
    end_value: ByChannel = Field(None, description="what each series ends with: a number, or one for each channel")
    monotone: Direction | None = Field(None, description="how each series goes: increasing or decreasing")
    sum: ByChannel = Field(
        None, description="what the values of a channel add up to: a number, or one for each channel"
    )


def build_constraints(request: ConstrainedRequest, manifest: Manifest) -> Constraints | None:
    """Return what a request wants of series; None where it wants nothing. Raises `InvalidRequest`."""
    names = ("lower", "upper", "start_value", "end_value", "sum")
    if not request.non_negative and request.monotone is None and all(getattr(request, name) is None for name in names):
        return None
    of = {name: _spread(getattr(request, name), name, manifest) for name in names}
    if request.non_negative:
        of["lower"] = np.fmax(of["lower"], 0)
    return Constraints(**of, monotone=request.monotone)


def _spread(numbers: Numbers | None, name: str, manifest: Manifest) -> Numbers:
    """Return a number for each channel, NaN where there is none. Raises `InvalidRequest`."""
    n_channels = manifest.series.n_channels
    if numbers is not None and len(numbers) not in (1, n_channels):
        raise InvalidRequest(
            f"{name} has {len(numbers)} numbers, and model {manifest.name!r} {n_channels} channels; send one for each, "
            "or a single one for all.",
            name,
        )
    return np.broadcast_to(np.float64(np.nan) if numbers is None else numbers, n_channels)


def check_lengths(constraints: Constraints | None, shape: SeriesShape, lengths: Sequence[Lengths]) -> None:
    """Raise `InvalidRequest` where no series meets the constraints that has one of these `lengths`, or the grid's where
    all have that."""
    if constraints is not None:
        known = np.concatenate([np.empty(0, np.int64), *lengths])
        if shape.is_fixed or not len(known):
            known = np.array([shape.n_timepoints])
        constraints.check(int(known.min()), int(known.max()))


async def constrain(columns: Columns, constraints: Constraints | None) -> Columns:
    """Return columns whose `series` `[n, n_channels, width]` meet the constraints over their own `lengths`.

    With them come how far each was moved; where there are no constraints, the columns stay as they are.
    """
    if constraints is None:
        return columns
    series, lengths = columns["series"], columns.get("lengths")
    assert isinstance(series, np.ndarray)
    work = partial(_constrain, series, lengths if isinstance(lengths, np.ndarray) else None, constraints)
    return columns | await run_unhurried(EFFORT * series.nbytes, work)


def _constrain(series: NDArray[Any], lengths: Lengths | None, constraints: Constraints) -> Columns:
    if lengths is None:
        projected = constraints.project(series)
        mean, largest = measure_moves(series, projected)
        return {"series": projected, "mean_move": mean, "largest_move": largest}
    projected = series.copy()
    moves = np.zeros((2, len(series)), np.float32)
    for length in np.unique(lengths).tolist():
        own = np.flatnonzero(lengths == length)
        before = series[own, :, :length]
        after = projected[own, :, :length] = constraints.project(before)
        moves[:, own] = measure_moves(before, after)
    return {"series": projected, "mean_move": moves[0], "largest_move": moves[1]}

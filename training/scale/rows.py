"""Rows of a column of series on a bundle's grid; one that cannot be there has a reason, and disturbs no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bundle.errors import InvalidRequest
from bundle.grid import OnGrid, put_on_grid
from bundle.shape import SeriesShape

Array = NDArray[np.float32]
Times = NDArray[np.float64]
Cases = Array | list[Array | str]
"""float32 `[n, n_channels, length]`, or `[n_channels, length]` of each row, or why there is none."""

FIRST = "series[0]"


@dataclass(frozen=True)
class Placed:
    """Of `n` rows those that could be placed, `on_grid`, None where there are none, which they are, and why the others
    could not, by row."""

    n: int
    on_grid: OnGrid | None
    rows: NDArray[np.int64]
    refused: dict[int, str]


def place_rows(column: pa.Array | Array, shape: SeriesShape, times: Sequence[Times] | None = None) -> Placed:
    """Place rows of `[n_channels][n_timepoints]`, or of `[n_timepoints]` of one channel; a null in a row is a missing
    value. What `read_even` made of a column is placed as the column is."""
    cases, n = column if isinstance(column, np.ndarray) else read_cases(column, shape.n_channels), len(column)
    if isinstance(cases, np.ndarray) and np.isfinite(cases).all():
        try:
            return Placed(n, put_on_grid(cases, shape, times), np.arange(n), {})
        except InvalidRequest:
            cases = list(cases)
    refused: dict[int, str] = {}
    for row, case in enumerate(cases):
        reason = case if isinstance(case, str) else _find_fault(case, shape, None if times is None else times[row])
        if reason is not None:
            refused[row] = reason
    rows = [row for row in range(n) if row not in refused]
    kept = [case for row, case in enumerate(cases) if row not in refused and not isinstance(case, str)]
    own = None if times is None else [times[row] for row in rows]
    return Placed(n, put_on_grid(kept, shape, own) if kept else None, np.array(rows, np.int64), refused)


def _find_fault(case: Array, shape: SeriesShape, times: Times | None) -> str | None:
    """Why a case cannot be placed; None where it can."""
    if np.isinf(case).any():
        return "series has a value that is no finite 32-bit number."
    try:
        put_on_grid([case], shape, None if times is None else [times])
    except InvalidRequest as error:
        return f"series{error.message.removeprefix(FIRST)}" if error.message.startswith(FIRST) else error.message
    return None


def read_cases(column: pa.Array, n_channels: int) -> Cases:
    """The cases of a column, whatever lists or tensors it consists of."""
    cases = read_even(column, n_channels)
    return cases if cases is not None else [_read_case(value, n_channels) for value in column.to_pylist()]


def read_even(column: pa.Array, n_channels: int) -> Array | None:
    """Cases of one length, without a null; None for any others."""
    if isinstance(column, pa.FixedShapeTensorArray) and column.null_count == 0:
        tensor = column.to_numpy_ndarray()
        return _narrow(tensor[:, None] if tensor.ndim == 2 and n_channels == 1 else tensor)
    sizes = []
    while _is_list(column.type):
        lengths = pc.list_value_length(column)
        if column.null_count or not len(column) or pc.min(lengths).as_py() != pc.max(lengths).as_py():
            return None
        sizes.append(lengths[0].as_py())
        column = pc.list_flatten(column)
    if column.null_count or not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return None
    shape = (-1, n_channels, *sizes) if len(sizes) == 1 and n_channels == 1 else (-1, *sizes)
    if len(shape) != 3 or shape[1] != n_channels or 0 in shape:
        return None
    return _narrow(column.to_numpy(zero_copy_only=False).reshape(shape))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _read_case(value: object, n_channels: int) -> Array | str:
    """A row of plain lists; a sentence where it is no series."""
    if value is None:
        return "series is null."
    try:
        case = np.array(value, np.float64)
    except (ValueError, TypeError):
        return "series is no list of channels of equally many numbers."
    case = case[None] if case.ndim == 1 and n_channels == 1 else case
    if case.ndim != 2 or len(case) != n_channels or not case.shape[1]:
        came = " x ".join(map(str, case.shape))
        return f"series is {came}; the model takes {n_channels} channels of timepoints."
    return _narrow(case)


def _narrow(case: NDArray[np.generic]) -> Array:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(case, np.float32)

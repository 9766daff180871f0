"""What a caller sent becomes float32 `[n_cases, n_channels, n_timepoints]`, or a sentence that says what is wrong."""

from __future__ import annotations

import functools
import math
import operator
import re
import struct
import warnings
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.errors import InvalidRequest, TooLarge
from bundle.manifest import Manifest
from bundle.showing import show
from service.uneven import Uneven, read_uneven, split_array
from service.wires.json_arrays import JsonArray, parse, parse_start, read_cubes

Array = NDArray[np.float32]
FIELD = "series"
NUMBERS = {int, float}

FLOAT32_SQUARES = 1e76
"""An array whose squares sum to less holds no NaN, and no number beyond float32's largest, 3.4e38."""

# `is_finite` squares what may be too large to be squared. np.errstate would say so at 2 µs for each small request.
warnings.filterwarnings("ignore", "overflow encountered in dot", RuntimeWarning, re.escape(__name__))


def parse_numbers(value: object) -> Array | Uneven:
    """Convert JSON numbers in lists two or three deep, or an array, to float32. Raises `InvalidRequest`.

    Where lengths differ or values are missing, what comes is `Uneven`: a model decides whether it takes that.
    """
    if isinstance(value, Uneven):
        return value
    if isinstance(value, np.ndarray):
        return _convert_array(value)
    if isinstance(value, JsonArray):
        return _parse_large(value)
    if not isinstance(value, list):
        raise _explain_wrong(f"{FIELD} is {_name_kind(value)}; send a list of cases.")
    if not value:
        raise _explain_wrong(f"{FIELD} has zero cases; send at least one.")
    deep = _is_deep(value)
    try:
        rows = _collect_rows(value, deep)
        lengths, channels = _measure_sizes(value, rows, deep)
        _require_even(lengths, channels)
    except InvalidRequest as refusal:
        return Uneven(read_uneven(value, deep, refusal), refusal)
    return _convert_to_float32(value, rows, (len(value), *channels, *lengths) if deep else (len(value), *lengths))


def _is_deep(value: list[Any]) -> bool:
    return isinstance(value[0], list) and bool(value[0]) and isinstance(value[0][0], list)


def _collect_rows(value: list[Any], deep: bool, first: int = 0) -> list[list[Any]]:
    """The lists of numbers. Raises `InvalidRequest` for what is no number, or lies elsewhere.

    `first`: the position of the first case, where others came before.
    """
    rows = (value[0] if len(value) == 1 else list(chain.from_iterable(_list_cases(value, first)))) if deep else value
    if type(rows) is not list or not rows:
        raise _explain_misplaced_from(value, first, deep)
    for row in rows:
        if type(row) is not list or not NUMBERS.issuperset(map(type, row)):
            raise _explain_misplaced_from(value, first, deep)
    return rows


def _measure_sizes(value: list[Any], rows: list[list[Any]], deep: bool) -> tuple[set[int], set[int]]:
    """The lengths and the numbers of channels that there are."""
    return {len(row) for row in rows}, {len(case) for case in value} if deep else {1}


def _explain_misplaced_from(value: list[Any], first: int, deep: bool) -> InvalidRequest:
    if deep:
        _list_cases(value, first)
    return _explain_misplaced(value, (), 3 if deep else 2, first)


def _require_even(lengths: set[int], channels: set[int]) -> None:
    if len(lengths) > 1 or len(channels) > 1:
        what, sizes = ("timepoints", lengths) if len(lengths) > 1 else ("channels", channels)
        raise _explain_wrong(
            f"{FIELD} is ragged: {what} range from {min(sizes)} to {max(sizes)}; every series needs the same number."
        )


def _convert_to_float32(value: list[Any], rows: list[list[Any]], shape: tuple[int, ...]) -> Array:
    try:
        pack = struct.Struct(f"<{len(rows[0])}f").pack  # a third of what numpy takes to read a list
        return np.frombuffer(b"".join([pack(*row) for row in rows]), "<f4").reshape(shape)
    except OverflowError:
        pass  # the slow way says what overflows
    try:
        with np.errstate(over="ignore"):  # what becomes infinite is refused by its value
            series: Array = np.array(value, dtype=np.float32)
    except OverflowError as error:
        raise _explain_wrong(f"{FIELD} holds an integer too large for a floating-point number.") from error
    return _require_finite(series, value)


def _parse_large(array: JsonArray) -> Array | Uneven:
    try:
        return _parse_pieces(array)
    except TooLarge:
        raise
    except InvalidRequest as refusal:
        if array.torn or array.depth not in (2, 3):
            raise
        return Uneven(_read_uneven_pieces(array, refusal), refusal)


def _read_uneven_pieces(array: JsonArray, refusal: InvalidRequest) -> list[Array]:
    """Read a large array again, which `refusal` says is not even. Raises it where it is no list of series at all."""
    cases: list[Array] = []
    n_values = 0
    for piece, place in array.cut_pieces():
        some = read_uneven(parse(piece, place), array.depth == 3, refusal, len(cases))
        cases += some
        n_values += sum(case.size for case in some)
        _require_few(len(cases), n_values, array)
    return cases


def _parse_pieces(array: JsonArray) -> Array:
    """Convert a large array, some cases at a time; its first case says how deep it is."""
    if array.depth > 3:
        raise _explain_wrong(f"{FIELD}[0][0][0] is a list; a number was expected.")
    deep = array.depth == 3
    parts: list[Array] = []
    lengths, channels = set[int](), set[int]()
    n_cases = n_values = 0
    for piece, place in array.cut_pieces():
        plain = read_cubes(piece, array.depth) if array.depth > 1 else None
        if plain is not None:
            part, some_lengths, some_channels, n_more = plain
        else:
            value = parse_start(piece, place) if array.torn else parse(piece, place)
            if not value:
                raise (
                    _explain_unended() if array.torn else _explain_wrong(f"{FIELD} has zero cases; send at least one.")
                )
            some_lengths, some_channels = _measure_sizes(value, _collect_rows(value, deep, n_cases), deep)
            n_more, part = (
                len(value),
                np.ravel(np.array(value, np.float64)) if _is_even(some_lengths, some_channels) else _NONE,
            )
        lengths |= some_lengths
        channels |= some_channels
        n_cases += n_more
        n_values += len(part)
        _require_few(n_cases, n_values, array)
        if _is_even(lengths, channels):
            parts.append(part)
    if array.torn:
        raise _explain_unended()
    _require_even(lengths, channels)
    shape = (n_cases, *channels, *lengths) if deep else (n_cases, *lengths)
    return _convert_finite(np.concatenate(parts).reshape(shape))


def _require_few(n_cases: int, n_values: int, array: JsonArray) -> None:
    """Raise `TooLarge` where there are more cases or values than one request may have."""
    if n_cases > array.bounds.rows or n_values > array.bounds.values:
        raise TooLarge(
            f"{FIELD} has {n_cases} cases and more, of {n_values} values; one request may have "
            f"{array.bounds.rows // 2} series of the largest model's size. Send several requests, or raise "
            "SERIESMITH_MAX_ROWS.",
            FIELD,
        )


def _explain_unended() -> InvalidRequest:
    return InvalidRequest("the body is not valid JSON: its series do not end. Send one whole JSON object.")


_NONE = np.empty(0)


def _is_even(lengths: set[int], channels: set[int]) -> bool:
    return len(lengths) == 1 and len(channels) == 1


def make_canonical(series: Array, manifest: Manifest) -> Array:
    """Return `series` in the shape that a model's graphs take. Raises `InvalidRequest`."""
    shape = manifest.series
    if series.ndim == 2 and shape.n_channels == 1:
        series = series[:, None, :]
    if series.shape[1:] == (shape.n_channels, shape.n_timepoints):
        return series
    wanted = f"[n_cases][{shape.n_channels}][{shape.n_timepoints}]"
    if series.ndim != 3:
        raise _explain_wrong(
            f"{FIELD} has {series.ndim} axes, {_format_sizes(series.shape)}; model {manifest.name!r} has "
            f"{shape.n_channels} channels, so send {wanted}."
        )
    raise _explain_wrong(
        f"{FIELD} is {_format_sizes(series.shape)} (cases, channels, timepoints); model {manifest.name!r} takes "
        f"{wanted}. Resample to {shape.n_timepoints} timepoints, or fit a model to your length."
    )


def is_finite(array: NDArray[np.floating]) -> bool:
    """Whether `array` holds finite numbers only: its sum of squares nearly always tells."""
    flat = array.ravel()
    return math.isfinite(np.dot(flat, flat)) or bool(np.isfinite(flat).all())


def _require_finite(series: Array, sent: Any) -> Array:
    """Return `series`. Raises `InvalidRequest` where they are not finite; `sent` are the values before float32."""
    if is_finite(series):
        return series
    place = tuple(map(int, np.argwhere(~np.isfinite(series))[0]))
    value = sent[place] if isinstance(sent, np.ndarray) else functools.reduce(operator.getitem, place, sent)
    raise _explain_wrong(
        f"{FIELD}{''.join(f'[{index}]' for index in place)} is {value}, which is no finite 32-bit number; "
        "fill gaps and rescale before sending."
    )


def _convert_array(value: np.ndarray) -> Array | Uneven:
    if value.dtype.kind not in "fiu" or value.ndim not in (2, 3) or not len(value):
        raise _explain_wrong(
            f"{FIELD} is {value.dtype} of shape {value.shape}; send at least one case, two or three axes deep."
        )
    try:
        return _convert_finite(value)
    except InvalidRequest as refusal:
        if not np.isnan(value).any() or np.isinf(value).any():
            raise
        return Uneven(split_array(value), refusal)


def _convert_finite(value: np.ndarray) -> Array:
    flat = value.ravel()
    if value.dtype.kind == "f" and float(np.dot(flat, flat)) < FLOAT32_SQUARES:
        return np.ascontiguousarray(value, dtype=np.float32)
    with np.errstate(over="ignore"):
        series: Array = np.ascontiguousarray(value, dtype=np.float32)
    return _require_finite(series, value)


def _list_cases(value: list[Any], first: int = 0) -> list[list[Any]]:
    for position, case in enumerate(value, first):
        if not isinstance(case, list) or not case:
            raise _explain_wrong(f"{FIELD}[{position}] is {_name_kind(case)}; a list of channels was expected.")
    return value


def _explain_misplaced(value: object, place: tuple[int, ...], depth: int, first: int = 0) -> InvalidRequest:
    """The refusal that names the first thing in `value` that is not where it belongs; `first`: see `_collect_rows`."""
    if depth == 0 or not isinstance(value, list):
        expected = "a number" if depth == 0 else "a list"
        return _explain_wrong(
            f"{FIELD}{''.join(f'[{index}]' for index in place)} is {_name_kind(value)}; {expected} was expected."
        )
    for index, part in enumerate(value):
        fine = type(part) in (int, float) if depth == 1 else isinstance(part, list) and not _is_faulty(part, depth - 1)
        if not fine:
            return _explain_misplaced(part, (*place, index + first), depth - 1)
    raise AssertionError("called without a misplaced part")


def _is_faulty(part: list[Any], depth: int) -> bool:
    if depth == 1:
        return any(type(item) not in (int, float) for item in part)
    return any(not isinstance(item, list) or _is_faulty(item, depth - 1) for item in part)


def _name_kind(value: object) -> str:
    names = {type(None): "null", bool: "the boolean", str: "the string", list: "a list", dict: "an object"}
    shown = f" {str(value)[:40]!r}" if isinstance(value, bool) else f" {value[:40]!r}" if isinstance(value, str) else ""
    return names.get(type(value), show(value, 40)) + shown


def _format_sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _explain_wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, FIELD)

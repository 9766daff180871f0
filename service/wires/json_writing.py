"""Writes large JSON piece by piece, so that no other thread waits for longer than a piece takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from service.answers import Labels, trim

PIECE_ELEMENTS = 2**15
"""Written in about two milliseconds."""


def dump(value: Any) -> bytes:
    """Write plain values, arrays, labels and dataclasses as JSON."""
    return b"".join(_write_pieces(value)) if _is_large(value) else write_whole(value)


def dump_object(fields: dict[str, Any]) -> bytes:
    """JSON of an object of which only columns can be large; fields that are None are left out."""
    given: dict[str, Any] = {}
    large = False
    for name, value in trim(fields).items():
        kind = type(value)
        if kind is np.ndarray:
            large = large or value.size > PIECE_ELEMENTS
        elif kind is list:
            large = large or _is_large(value)
        elif kind is Labels:
            if len(value) > PIECE_ELEMENTS:
                large = True
            else:
                value = value.to_list()
        elif value is None:
            continue
        given[name] = value
    return b"".join(_write_pieces(given)) if large else orjson.dumps(given, option=orjson.OPT_SERIALIZE_NUMPY)


def write_whole(value: Any) -> bytes:
    """Write a small value as JSON, in one piece."""
    return orjson.dumps(value, default=_to_list, option=orjson.OPT_SERIALIZE_NUMPY)


def _write_pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        yield from _write_object(value)
    elif isinstance(value, Labels):
        yield from _write_rows(value.to_list(), 1)
    elif isinstance(value, np.ndarray) and value.ndim:
        yield from _write_rows(value, value[0].size if len(value) else 1)
    elif isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        yield from _write_rows(value, max(case.size for case in value))
    elif isinstance(value, list) and len(value) > PIECE_ELEMENTS:
        yield from _write_rows(value, 1)
    elif isinstance(value, list) and any(map(_is_large, value)):
        yield from _write_list(value)
    else:
        yield write_whole(value)


def _write_object(value: dict[Any, Any]) -> Iterator[bytes]:
    before = b"{"
    for name, item in value.items():
        yield before + write_whole(name) + b":"
        yield from _write_pieces(item)
        before = b","
    yield b"}" if value else b"{}"


def _write_list(value: list[Any]) -> Iterator[bytes]:
    before = b"["
    for item in value:
        yield before
        yield from _write_pieces(item)
        before = b","
    yield b"]"


def _write_rows(rows: np.ndarray | list[Any], row_elements: int) -> Iterator[bytes]:
    """Write a list of rows, some at a time."""
    step = max(1, PIECE_ELEMENTS // max(row_elements, 1))
    if len(rows) <= step:
        yield write_whole(rows)
        return
    before = b"["
    for start in range(0, len(rows), step):
        yield before + write_whole(rows[start : start + step])[1:-1]
        before = b","
    yield b"]"


def _is_large(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size > PIECE_ELEMENTS
    if isinstance(value, dict):
        return any(map(_is_large, value.values()))
    if isinstance(value, list):
        return len(value) > PIECE_ELEMENTS or (
            bool(value) and isinstance(value[0], (dict, np.ndarray)) and _hold_many(value)
        )
    return isinstance(value, Labels) and len(value) > PIECE_ELEMENTS


def _hold_many(value: list[Any]) -> bool:
    """Whether dicts are large, or arrays hold many values together."""
    if isinstance(value[0], dict):
        return any(map(_is_large, value))
    return bool(sum(part.size for part in value) > PIECE_ELEMENTS)


def _to_list(value: Any) -> Any:
    if isinstance(value, Labels):
        return value.to_list()
    raise TypeError(f"{type(value).__name__} is no part of an answer")

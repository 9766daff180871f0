"""`application/json`: one object in, one object out."""

from __future__ import annotations

from typing import Any

from service.bounds import PLAIN_BYTES, Bounds
from service.room import TEXT_BYTES
from service.wires.json_arrays import lift, parsed
from service.wires.json_writing import dumped, encoded_object
from service.wires.wire import Headers, Wire

SERIES = "series"
"""The field that may be large."""


def decoded(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """Parse the JSON value in a body; large series become a `JsonArray`. Raises `InvalidRequest` or `TooLarge`."""
    if len(body) <= PLAIN_BYTES:
        return parsed(body)
    lifted = lift(body, SERIES, bounds, torn=True)
    if "" in lifted.arrays:
        return {SERIES: lifted.arrays[""]}
    value = parsed(lifted.rest)
    if lifted.arrays and isinstance(value, dict) and isinstance(mark := value.get(SERIES), str):
        value[SERIES] = lifted.arrays.get(mark, mark)
    return value


def encoded(answer: Any) -> tuple[bytes, Headers]:
    """An operation's answer; fields that are None are left out."""
    return encoded_object(vars(answer)), ()


__all__ = ["WIRE", "decoded", "dumped", "encoded"]

WIRE = Wire(b"application/json", decoded, encoded, None, packs=True, written=TEXT_BYTES)

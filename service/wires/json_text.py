"""`application/json`: one object in, one object out."""

from __future__ import annotations

from typing import Any

from service.bounds import PLAIN_BYTES, Bounds
from service.room import TEXT_BYTES
from service.wires.json_arrays import lift, parse
from service.wires.json_writing import dump, dump_object
from service.wires.wire import Headers, Wire

SERIES = "series"
"""The field that may be large."""


def decode_json(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """Parse the JSON value in a body; large series become a `JsonArray`. Raises `InvalidRequest` or `TooLarge`."""
    if len(body) <= PLAIN_BYTES:
        return parse(body)
    lifted = lift(body, SERIES, bounds, torn=True)
    if "" in lifted.arrays:
        return {SERIES: lifted.arrays[""]}
    value = parse(lifted.rest)
    if lifted.arrays and isinstance(value, dict) and isinstance(mark := value.get(SERIES), str):
        value[SERIES] = lifted.arrays.get(mark, mark)
    return value


def encode_json(answer: Any) -> tuple[bytes, Headers]:
    """Write an operation's answer; fields that are None are left out."""
    return dump_object(vars(answer)), ()


__all__ = ["WIRE", "decode_json", "dump", "encode_json"]

WIRE = Wire(b"application/json", decode_json, encode_json, None, packs=True, written=TEXT_BYTES)

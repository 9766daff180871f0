"""`application/json`: one object in, one object out."""

from __future__ import annotations

from typing import Any

from service.bounds import PLAIN_BYTES, Bounds
from service.room import TEXT_BYTES
from service.wires.json_arrays import lift, parse
from service.wires.json_writing import dump, dump_object
from service.wires.wire import LARGE, Headers, Wire


def decode_json(body: bytes, headers: dict[bytes, bytes], bounds: Bounds) -> Any:
    """Parse the JSON value in a body; large arrays become a `JsonArray`. Raises `InvalidRequest` or `TooLarge`."""
    if len(body) <= PLAIN_BYTES:
        return parse(body)
    lifted = lift(body, LARGE, bounds, torn=True)
    if lifted.torn is not None:
        return {lifted.torn: next(iter(lifted.arrays.values()))}
    value = parse(lifted.rest)
    if lifted.arrays and isinstance(value, dict):
        for key in LARGE:
            if isinstance(mark := value.get(key), str):
                value[key] = lifted.arrays.get(mark, mark)
    return value


def encode_json(answer: Any) -> tuple[bytes, Headers]:
    """Write an operation's answer; fields that are None are left out."""
    return dump_object(vars(answer)), ()


__all__ = ["WIRE", "decode_json", "dump", "encode_json"]

WIRE = Wire(b"application/json", decode_json, encode_json, None, packs=True, written=TEXT_BYTES)

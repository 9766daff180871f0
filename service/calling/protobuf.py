"""Protocol buffers without the protobuf package, which numpy, httpx and grpcio do not bring: dicts to bytes and back.

The encoding: https://protobuf.dev/programming-guides/encoding. Of its scalars, those that our messages have.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from service.calling.schema import Field, messages

Buffer = bytes | memoryview
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
SCALARS: dict[str, tuple[int, Any]] = {
    "int64": (VARINT, 0),
    "bool": (VARINT, False),
    "double": (FIXED64, 0.0),
    "string": (LENGTH, ""),
    "bytes": (LENGTH, b""),
}
"""Wire type, and what a field that is absent means."""


def encoded(message: str, values: Mapping[str, Any]) -> bytes:
    """Encode a message with these fields; those that are None are absent."""
    pieces: list[Buffer] = []
    for field in messages()[message]:
        value = values.get(field.name)
        if value is None:
            continue
        if field.label == "map":
            value = [{"key": key, "value": of_key} for key, of_key in value.items()]
        repeated = field.label in ("repeated", "map")
        if repeated and _wire(field.kind) != LENGTH:
            _add(pieces, field.number, LENGTH, b"".join(_raw(field.kind, item) for item in value))
        else:
            for item in value if repeated else (value,):
                _add(pieces, field.number, _wire(field.kind), _raw(field.kind, item))
    return b"".join(pieces)


def decoded(message: str, buffer: Buffer) -> dict[str, Any]:
    """Decode the fields of a message. Absent fields have their default; unknown ones, and those of another wire type,
    are skipped. Raises `ValueError` when it is no message."""
    fields = {field.number: field for field in messages()[message]}
    values = {field.name: _absent(field) for field in fields.values()}
    for number, wire, raw in _records(memoryview(buffer)):
        field = fields.get(number)
        repeated = field is not None and field.label in ("repeated", "map")
        if field is None or not (wire == _wire(field.kind) or (repeated and wire == LENGTH)):
            continue
        if field.label == "map":
            entry = decoded(field.kind, raw)
            _, value = messages()[field.kind]
            values[field.name][entry["key"]] = decoded(value.kind, b"") if entry["value"] is None else entry["value"]
        elif field.label == "repeated":
            values[field.name] += _items(field.kind, wire, raw)
        else:
            values[field.name] = _value(field.kind, raw)
    return values


def _wire(kind: str) -> int:
    return SCALARS[kind][0] if kind in SCALARS else LENGTH


def _absent(field: Field) -> Any:
    if field.label in ("repeated", "map"):
        return [] if field.label == "repeated" else {}
    if field.label == "optional" or field.kind not in SCALARS:
        return None
    return SCALARS[field.kind][1]


def _add(pieces: list[Buffer], number: int, wire: int, raw: Buffer) -> None:
    pieces.append(_varint(number << 3 | wire))
    if wire == LENGTH:
        pieces.append(_varint(len(raw)))
    pieces.append(raw)


def _raw(kind: str, value: Any) -> Buffer:
    if _wire(kind) == VARINT:
        return _varint(int(value) & 0xFFFFFFFFFFFFFFFF)
    if kind == "double":
        return struct.pack("<d", value)
    if kind == "string":
        return str(value).encode()
    return value if kind == "bytes" else encoded(kind, value)


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _value(kind: str, raw: Any) -> Any:
    """Convert a raw value (an integer, or bytes) to its kind."""
    if kind == "int64":
        return raw - 2**64 if raw >= 2**63 else raw
    if kind == "double":
        return struct.unpack("<d", raw)[0]
    if kind == "string":
        return str(raw, "utf-8")
    if kind in ("bool", "bytes"):
        return bool(raw) if kind == "bool" else raw
    return decoded(kind, raw)


def _items(kind: str, wire: int, raw: Any) -> Iterable[Any]:
    """Decode one record of a repeated field: one value, or many packed integers."""
    if wire != LENGTH or _wire(kind) == LENGTH:
        return [_value(kind, raw)]
    if not raw or max(raw) < 0x80:  # one byte each: flags, and most labels
        return [_value(kind, byte) for byte in raw]
    items, position = [], 0
    while position < len(raw):
        item, position = _read_varint(raw, position)
        items.append(_value(kind, item))
    return items


def _records(buffer: memoryview) -> Iterable[tuple[int, int, Any]]:
    """Yield field number, wire type and raw value of each record, in order."""
    position = 0
    while position < len(buffer):
        key, position = _read_varint(buffer, position)
        wire = key & 7
        if wire == VARINT:
            raw, position = _read_varint(buffer, position)
            yield key >> 3, wire, raw
            continue
        if wire not in (FIXED64, LENGTH, FIXED32):
            raise ValueError(f"wire type {wire} is none of protobuf's")
        size, position = _read_varint(buffer, position) if wire == LENGTH else (8 if wire == FIXED64 else 4, position)
        if position + size > len(buffer):
            raise ValueError("the message ends in the middle of a field")
        yield key >> 3, wire, buffer[position : position + size]
        position += size


def _read_varint(buffer: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(buffer) or shift > 63:
            raise ValueError("the message has a number without an end")
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7

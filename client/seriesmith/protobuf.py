"""Protocol buffers without the protobuf package, which numpy, httpx and grpcio do not bring: dicts to bytes and back.

The encoding: https://protobuf.dev/programming-guides/encoding. Of its scalars, those that our messages have.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from seriesmith.schema import Field, read_messages

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


def encode_message(message: str, values: Mapping[str, Any]) -> bytes:
    """Encode a message with these fields; those that are None are absent."""
    pieces: list[Buffer] = []
    for field in read_messages()[message]:
        value = values.get(field.name)
        if value is None:
            continue
        if field.label == "map":
            value = [{"key": key, "value": of_key} for key, of_key in value.items()]
        repeated = field.label in ("repeated", "map")
        if repeated and _find_wire_type(field.kind) != LENGTH:
            _add(pieces, field.number, LENGTH, b"".join(_encode_value(field.kind, item) for item in value))
        else:
            for item in value if repeated else (value,):
                _add(pieces, field.number, _find_wire_type(field.kind), _encode_value(field.kind, item))
    return b"".join(pieces)


def decode_message(message: str, buffer: Buffer) -> dict[str, Any]:
    """Decode the fields of a message. Absent fields have their default; unknown ones, and those of another wire type,
    are skipped. Raises `ValueError` when it is no message."""
    fields = {field.number: field for field in read_messages()[message]}
    values = {field.name: _make_default(field) for field in fields.values()}
    for number, wire, raw in _read_records(memoryview(buffer)):
        field = fields.get(number)
        repeated = field is not None and field.label in ("repeated", "map")
        if field is None or not (wire == _find_wire_type(field.kind) or (repeated and wire == LENGTH)):
            continue
        if field.label == "map":
            entry = decode_message(field.kind, raw)
            _, value = read_messages()[field.kind]
            values[field.name][entry["key"]] = (
                decode_message(value.kind, b"") if entry["value"] is None else entry["value"]
            )
        elif field.label == "repeated":
            values[field.name] += _decode_items(field.kind, wire, raw)
        else:
            values[field.name] = _decode_value(field.kind, raw)
    return values


def _find_wire_type(kind: str) -> int:
    return SCALARS[kind][0] if kind in SCALARS else LENGTH


def _make_default(field: Field) -> Any:
    if field.label in ("repeated", "map"):
        return [] if field.label == "repeated" else {}
    if field.label == "optional" or field.kind not in SCALARS:
        return None
    return SCALARS[field.kind][1]


def _add(pieces: list[Buffer], number: int, wire: int, raw: Buffer) -> None:
    pieces.append(_encode_varint(number << 3 | wire))
    if wire == LENGTH:
        pieces.append(_encode_varint(len(raw)))
    pieces.append(raw)


def _encode_value(kind: str, value: Any) -> Buffer:
    if _find_wire_type(kind) == VARINT:
        return _encode_varint(int(value) & 0xFFFFFFFFFFFFFFFF)
    if kind == "double":
        return struct.pack("<d", value)
    if kind == "string":
        return str(value).encode()
    return value if kind == "bytes" else encode_message(kind, value)


def _encode_varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _decode_value(kind: str, raw: Any) -> Any:
    """Convert a raw value (an integer, or bytes) to its kind."""
    if kind == "int64":
        return raw - 2**64 if raw >= 2**63 else raw
    if kind == "double":
        return struct.unpack("<d", raw)[0]
    if kind == "string":
        return str(raw, "utf-8")
    if kind in ("bool", "bytes"):
        return bool(raw) if kind == "bool" else raw
    return decode_message(kind, raw)


def _decode_items(kind: str, wire: int, raw: Any) -> Iterable[Any]:
    """Decode one record of a repeated field: one value, or many packed integers."""
    if wire != LENGTH or _find_wire_type(kind) == LENGTH:
        return [_decode_value(kind, raw)]
    if not raw or max(raw) < 0x80:  # one byte each: flags, and most labels
        return [_decode_value(kind, byte) for byte in raw]
    items, position = [], 0
    while position < len(raw):
        item, position = _read_varint(raw, position)
        items.append(_decode_value(kind, item))
    return items


def _read_records(buffer: memoryview) -> Iterable[tuple[int, int, Any]]:
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

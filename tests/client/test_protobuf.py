"""Our protobuf reads and writes what Google's does, of the very fields that seriesmith.proto has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from seriesmith.messages import find_method
from seriesmith.operations import Call
from seriesmith.protobuf import decode_message, encode_message
from seriesmith.schema import read_messages, read_package
from service.proto import seriesmith_pb2

FILE = seriesmith_pb2.DESCRIPTOR
SCALARS = {
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
}


def _label(field: FieldDescriptor) -> str:
    if field.is_repeated:
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        return "map" if is_map else "repeated"
    return "optional" if field.has_presence and field.message_type is None else ""


def _name_kind(field: FieldDescriptor) -> str:
    if field.message_type is None:
        return SCALARS[field.type]
    return f"{field.containing_type.name}.{field.name}" if _label(field) == "map" else field.message_type.name


def _list_fields(message: Descriptor) -> set[tuple[int, str, str, str]]:
    return {(field.number, field.name, _name_kind(field), _label(field)) for field in message.fields}


def test_the_fields_are_those_of_the_descriptors():
    expected = {name: _list_fields(message) for name, message in FILE.message_types_by_name.items()}
    for message in FILE.message_types_by_name.values():
        for field in message.fields:
            if _label(field) == "map":
                expected[_name_kind(field)] = _list_fields(field.message_type)
    read = {
        name: {(field.number, field.name, field.kind, field.label) for field in fields}
        for name, fields in read_messages().items()
    }
    assert read == expected and read_package() == FILE.package


def test_the_procedures_are_those_of_the_service():
    service = FILE.services_by_name["Seriesmith"]
    ours = [
        find_method(Call(name, parts=parts))
        for name in ("encode", "reconstruct", "classify", "sample", "augment")
        for parts in ((False, True) if name in ("sample", "augment") else (False,))
    ]
    assert sorted(ours) == sorted(f"/{service.full_name}/{one.name}" for one in service.methods)


def _draw(kind: str, rng: np.random.Generator) -> Any:
    if kind == "int64":
        return int(rng.choice([0, 1, 127, 128, 300, 2**31, 2**53 - 1, 2**63 - 1, -1, -(2**63)]))
    if kind == "bool":
        return bool(rng.integers(2))
    if kind == "double":
        return float(rng.choice([0.0, -0.5, 1e300, 5e-324]))
    if kind == "string":
        return str(rng.choice(["", "a", "Grüße", "x" * 300]))
    if kind == "bytes":
        return rng.bytes(int(rng.choice([0, 1, 200])))
    return _fill(kind, rng)


def _fill(message: str, rng: np.random.Generator) -> dict[str, Any]:
    """A message with every field, or none of those that may be absent."""
    values: dict[str, Any] = {}
    for field in read_messages()[message]:
        if field.label == "map":
            entry = {part.name: part.kind for part in read_messages()[field.kind]}
            values[field.name] = {_draw(entry["key"], rng): _draw(entry["value"], rng) for _ in range(rng.integers(4))}
        elif field.label == "repeated":
            values[field.name] = [_draw(field.kind, rng) for _ in range(rng.integers(5))]
        elif field.label == "optional" and rng.integers(2):
            values[field.name] = None
        else:
            values[field.name] = _draw(field.kind, rng)
    return values


NAMES = list(FILE.message_types_by_name)


@pytest.mark.parametrize("name", NAMES)
def test_googles_reads_what_ours_writes_and_the_other_way_round(name: str):
    kind = GetMessageClass(FILE.message_types_by_name[name])
    for seed in range(30):
        values = _fill(name, np.random.default_rng(seed))
        ours = encode_message(name, values)
        assert decode_message(name, ours) == values
        theirs = kind.FromString(ours)
        assert decode_message(name, theirs.SerializeToString()) == values
        assert kind.FromString(encode_message(name, decode_message(name, theirs.SerializeToString()))) == theirs


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_message_has_the_defaults(name: str):
    kind = GetMessageClass(FILE.message_types_by_name[name])
    assert kind.FromString(encode_message(name, decode_message(name, b""))) == kind()


def test_numbers_that_came_one_by_one_and_fields_of_a_newer_server():
    one_by_one = b"\x10\x05\x10\x80\x01"  # Labels.number, not packed
    unknown = b"\x78\x01" + b"\x7a\x02hi" + b"\x79" + b"\0" * 8 + b"\x7d" + b"\0" * 4  # field 15 of every wire type
    assert decode_message("Labels", one_by_one + unknown) == {"text": [], "number": [5, 128]}


def test_an_entry_of_a_map_without_a_value_has_the_defaults():
    entry = b"\x3a\x03\x0a\x01a"  # AugmentAnswer.report, "a"
    (said,) = decode_message("AugmentAnswer", entry)["report"].values()
    numbers = {"had": 0, "made": 0, "acceptance": 0.0, "fallbacks": 0, "weight": 0.0}
    assert said == numbers | {"made_by": "", "distance": None}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_message_raises_value_error_or_is_read(name: str):
    whole = encode_message(name, _fill(name, np.random.default_rng(3)))
    rng = np.random.default_rng(0)
    for end in range(len(whole)):
        broken = bytearray(whole[:end])
        if end:
            broken[rng.integers(end)] ^= 1 << rng.integers(8)
        try:
            decode_message(name, bytes(broken))
        except ValueError:
            continue

"""Keeps the numbers of fields: those that the .proto has stay, new ones follow, those of fields gone are reserved."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

SPELLED = {
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_INT64: "int64",
    FieldDescriptorProto.TYPE_DOUBLE: "double",
    FieldDescriptorProto.TYPE_BOOL: "bool",
    FieldDescriptorProto.TYPE_BYTES: "bytes",
}


@dataclass(frozen=True)
class Numbered:
    """The numbers of a message's fields by name; the numbers and names that no field may have again."""

    of: dict[str, int]
    reserved: list[int]
    names: list[str]


class Numbers:
    """The numbers in a .proto that is there; none where it is not."""

    def __init__(self, path: Path) -> None:
        self._messages = {message.name: message for message in _parse(path)} if path.exists() else {}

    def assign(self, message: str, fields: list[tuple[str, str]]) -> Numbered:
        """Number the fields, given by name and type, of a message. Raises `ValueError` where a type has changed."""
        there = self._messages.get(message, DescriptorProto())
        known = {field.name: field for field in there.field}
        reserved = [number for one in there.reserved_range for number in range(one.start, one.end)]
        names = list(there.reserved_name)
        for name, kind in fields:
            if name in names or (name in known and _spell(known[name], there) != kind):
                was = "one that is gone" if name in names else _spell(known[name], there)
                raise ValueError(
                    f"{message}.{name} is {kind} and was {was}; clients that are out there would misread it. Give the "
                    "new field another name."
                )
        gone = [field for name, field in known.items() if name not in dict(fields)]
        reserved += [field.number for field in gone]
        following = max([0, *reserved, *(field.number for field in there.field)])
        of: dict[str, int] = {}
        for name, _ in fields:
            if name not in known:
                following += 1
            of[name] = known[name].number if name in known else following
        return Numbered(of, sorted(reserved), sorted([*names, *(field.name for field in gone)]))


def _parse(path: Path) -> list[DescriptorProto]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "set"
        if protoc.main(["protoc", f"-I{path.parent}", f"--descriptor_set_out={output}", path.name]) != 0:
            raise ValueError(f"{path} is no .proto, so that its numbers cannot be kept; restore it first.")
        parsed: list[DescriptorProto] = list(FileDescriptorSet.FromString(output.read_bytes()).file[0].message_type)
        return parsed


def _spell(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    """Return the type of a field as the .proto spells it."""
    name = field.type_name.rpartition(".")[2]
    entry = next((nested for nested in message.nested_type if nested.name == name), None)
    if entry is not None:
        key, value = (_spell(part, entry) for part in entry.field)
        return f"map<{key}, {value}>"
    kind = SPELLED.get(field.type, name)
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {kind}"
    return f"optional {kind}" if field.proto3_optional else kind

"""The messages of `service/proto/seriesmith.proto`, read from that file itself, so that the two cannot disagree.

It reads as much of the language as that file uses: messages of scalars, messages and maps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROTO = Path(__file__).parents[2] / "service" / "proto" / "seriesmith.proto"

PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)
MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (?:(optional|repeated) )?(?:map<(\w+), (\w+)>|(\w+)) (\w+) = (\d+);", re.MULTILINE)


@dataclass(frozen=True)
class Field:
    """`kind` is a scalar's name or a message's; `label` is optional, repeated, map or nothing. A map repeats an entry
    with the fields `key` and `value`."""

    number: int
    name: str
    kind: str
    label: str


@cache
def read_messages() -> dict[str, tuple[Field, ...]]:
    """Read the fields of every message from the .proto, by message name."""
    found: dict[str, tuple[Field, ...]] = {}
    for name, body in MESSAGE.findall(PROTO.read_text(encoding="utf-8")):
        fields = []
        for label, key, value, kind, field, number in FIELD.findall(body):
            if key:
                kind, label = f"{name}.{field}", "map"
                found[kind] = (Field(1, "key", key, ""), Field(2, "value", value, ""))
            fields.append(Field(int(number), field, kind, label))
        found[name] = tuple(fields)
    return found


@cache
def read_package() -> str:
    """Read the package's name from the .proto."""
    (name,) = PACKAGE.findall(PROTO.read_text(encoding="utf-8"))
    return str(name)

"""Counts what a protobuf message holds before it is parsed, so that a small message cannot take much memory.

A parser makes some hundred bytes of an empty message of two, and eight of every number of one. The encoding says how
much there is: protobuf.dev/programming-guides/encoding. It is read by the descriptor of the message.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bundle.errors import InvalidRequest, TooLarge
from service.bounds import PLAIN_BYTES, Bounds

VARINT, FIXED64, DELIMITED, GROUP, GROUP_END, FIXED32 = range(6)

MOST_MESSAGES = 10_000
"""Messages within a message: tensors, classes with their counts."""

MOST_DEEP = 32

FIXED_BYTES = {
    FieldDescriptor.TYPE_FLOAT: 4,
    FieldDescriptor.TYPE_FIXED32: 4,
    FieldDescriptor.TYPE_SFIXED32: 4,
    FieldDescriptor.TYPE_DOUBLE: 8,
    FieldDescriptor.TYPE_FIXED64: 8,
    FieldDescriptor.TYPE_SFIXED64: 8,
}


@dataclass
class _Counts:
    """What was found so far."""

    bounds: Bounds
    fields: int = 0
    messages: int = 0
    numbers: int = field(default=0)

    def check(self) -> None:
        """Raise `TooLarge` where it is more than the largest request needs."""
        for count, noun, limit in (
            (self.messages, "messages", MOST_MESSAGES),
            (self.fields, "fields", self.bounds.elements),
            (self.numbers, "numbers", self.bounds.values),
        ):
            if count > limit:
                raise TooLarge(f"the message holds {count} {noun} or more; one request may have {limit}.")


def require_few(body: bytes, kind: Descriptor, bounds: Bounds) -> None:
    """Raise `TooLarge` where a message of type `kind` holds more than the largest request needs.

    Raises `InvalidRequest` where it cannot be read.
    """
    if len(body) > PLAIN_BYTES:
        scan(body, kind, bounds)


def scan(body: bytes, kind: Descriptor, bounds: Bounds) -> None:
    """Count a message of any size, see `require_few`."""
    _scan(memoryview(body), kind, _Counts(bounds), 0)


def _scan(body: memoryview, kind: Descriptor, counts: _Counts, depth: int) -> None:
    if depth > MOST_DEEP:
        raise InvalidRequest(f"the message is nested more than {MOST_DEEP} deep.")
    nested, repeated = _list_fields(kind)
    place, end = 0, len(body)
    while place < end:
        tag, place = _read_varint(body, place)
        number, wire = tag >> 3, tag & 7
        counts.fields += 1
        if wire == DELIMITED:
            size, place = _read_varint(body, place)
            if size > end - place:
                raise _explain_cut_off()
            part = body[place : place + size]
            place += size
            if number in nested:
                counts.messages += 1
                counts.check()
                _scan(part, nested[number], counts, depth + 1)
            elif number in repeated:
                _count_packed(part, repeated[number], counts)
        elif wire == VARINT:
            _, place = _read_varint(body, place)
        elif wire in (FIXED32, FIXED64):
            place += 4 if wire == FIXED32 else 8
        elif wire not in (GROUP, GROUP_END):
            raise InvalidRequest(f"the message has a field of wire type {wire}; there is none.")
        if counts.fields > counts.bounds.elements:
            counts.check()
    if place > end:
        raise _explain_cut_off()
    counts.check()


def _count_packed(part: memoryview, kind: int, counts: _Counts) -> None:
    """Count packed numbers: one of variable size may take one byte in the message and eight in memory."""
    if size := FIXED_BYTES.get(kind):
        counts.numbers += len(part) // size
    else:
        counts.fields += len(part)
    counts.check()


@functools.cache
def _list_fields(kind: Descriptor) -> tuple[dict[int, Descriptor], dict[int, int]]:
    """Return by field number the messages within a message, and the types of its repeated numbers."""
    nested = {one.number: one.message_type for one in kind.fields if one.message_type is not None}
    repeated = {
        one.number: one.type
        for one in kind.fields
        if one.is_repeated and one.type not in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
    }
    return nested, {number: kind for number, kind in repeated.items() if number not in nested}


def _read_varint(body: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    try:
        while (byte := body[place]) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            place += 1
            if shift > 63:
                raise InvalidRequest("the message has a number of more than ten bytes.")
    except IndexError as error:
        raise _explain_cut_off() from error
    return value | byte << shift, place + 1


def _explain_cut_off() -> InvalidRequest:
    return InvalidRequest("the message ends within a field; send it whole.")

"""Writes `seriesmith.proto` from the operations; every field keeps the number that it has in the file that is there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scripts.endpoints.fields import (
    Field,
    Kind,
    describe,
    list_answer_fields,
    list_parts,
    list_request_fields,
    name_parts,
)
from scripts.endpoints.numbers import Numbers
from service.grpc.names import ANSWER, REQUEST, STREAM, name_message, name_rpc
from service.operations import OPERATIONS, Operation

HEAD = """\
// Seriesmith over gRPC. Fields have the names and meanings that they have over HTTP: see /docs.
// Written by `make proto` from service/operations/; numbers of fields never change.
syntax = "proto3";

package seriesmith.v1;

// Answers carry `model` and `version`. What is wrong with a request is said in the status: INVALID_ARGUMENT, NOT_FOUND,
// RESOURCE_EXHAUSTED (too large, or overloaded: then the trailer `retry-after` is set), FAILED_PRECONDITION,
// UNAUTHENTICATED, UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL.
service Seriesmith {
"""
IN_PARTS = (
    "The same in parts: the first message carries n_cases and what else is known from the start, the last what is "
    "known only at the end, and those between the cases."
)


@dataclass(frozen=True)
class Member:
    """A field of a message: its type as the .proto spells it, its name, and a comment."""

    kind: str
    name: str
    comment: str = ""


SHARED = {
    "Array": (
        "Numbers in row-major order. Series are [n_cases, n_channels, n_timepoints], or [n_cases, n_timepoints] for "
        "one channel. NaN is a missing value, and behind a series' end fills up a shorter one, where the model takes "
        "that. In answers zeros do, and `lengths`, of models whose lengths vary, says how long each series is.",
        [Member("repeated int64", "shape"), Member("bytes", "values", "float32, little-endian")],
    ),
    "Doubles": (
        "The same in double precision.",
        [Member("repeated int64", "shape"), Member("bytes", "values", "float64, little-endian")],
    ),
    "Indices": (
        "Whole numbers in row-major order.",
        [Member("repeated int64", "shape"), Member("repeated int64", "values")],
    ),
    "Labels": (
        "One label per case: `text` for a model whose labels are strings, `number` for one whose labels are integers. "
        "In a request, the text of an integer is as good.",
        [Member("repeated string", "text"), Member("repeated int64", "number")],
    ),
    "ClassCount": ("", [Member("string", "class_label", "the text of the label"), Member("int64", "count")]),
}
"""Messages that are no operation's: name, comment, members."""

SCALARS = {Kind.TEXT: "string", Kind.WHOLE: "int64", Kind.NUMBER: "double", Kind.FLAG: "bool"}
COLUMNS = {
    Kind.ARRAY: "Array",
    Kind.TIMES: "Doubles",
    Kind.WHOLES: "repeated int64",
    Kind.INDICES: "Indices",
    Kind.FLAGS: "repeated bool",
    Kind.LABELS: "Labels",
    Kind.CLASSES: "Labels",
    Kind.COUNTS: "repeated ClassCount",
    Kind.EXTRAS: "repeated string",
}

Messages = dict[str, tuple[str, list[Member]]]


def write_proto(numbers: Numbers) -> str:
    """Return the text of the .proto. Raises `ValueError` where a field would change the type of its number."""
    messages: Messages = dict(SHARED)
    for operation in OPERATIONS.values():
        _add_request(messages, operation)
        _add_answer(messages, operation)
    rpcs = [line for operation in OPERATIONS.values() for line in _write_rpcs(operation)]
    written = ["\n".join(_write_message(name, *message, numbers)) for name, message in messages.items()]
    return HEAD + "\n".join(rpcs) + "\n}\n\n" + "\n\n".join(written) + "\n"


def _add_request(messages: Messages, operation: Operation) -> None:
    members = []
    for field in list_request_fields(operation.request):
        if field.kind is Kind.CHOICE:
            words = f"{field.words}; absent: {field.default}." if field.words else f"Absent: {field.default}."
            _add(messages, name_rpc(field.name), words, _list_choices(field))
            members.append(Member(name_rpc(field.name), field.name))
        else:
            kind = f"optional {SCALARS[field.kind]}" if field.kind in SCALARS else COLUMNS[field.kind]
            words = ", ".join(f'"{name}"' for name in field.of) if field.kind is Kind.EXTRAS else field.words
            members.append(Member(kind, field.name, words))
    _add(messages, name_message(operation.name, REQUEST), describe(operation.request), members)


def _list_choices(field: Field) -> list[Member]:
    """List the fields of all models of a choice: one of them is sent, so that each may be absent."""
    found = [one for model in field.of for one in list_request_fields(model)]
    return [
        Member(f"optional {SCALARS[one.kind]}" if one.kind in SCALARS else COLUMNS[one.kind], one.name, one.words)
        for one in found
    ]


def _add_answer(messages: Messages, operation: Operation) -> None:
    members = [_build_member(messages, field) for field in list_answer_fields(operation)]
    if operation.stream is not None:
        members.append(Member("optional int64", "n_cases", "in a stream: how many cases there will be"))
    _add(messages, name_message(operation.name, ANSWER), describe(operation.answer), members)


def _build_member(messages: Messages, field: Field) -> Member:
    if field.kind is Kind.PARTS:
        return Member(_add_parts(messages, field.of), field.name, field.words)
    if field.kind is Kind.MAP:
        value = SCALARS[field.of] if field.of in SCALARS else _add_parts(messages, field.of)
        return Member(f"map<string, {value}>", field.name, field.words)
    if field.kind in SCALARS:
        return Member(("optional " if field.optional else "") + SCALARS[field.kind], field.name, field.words)
    return Member(COLUMNS[field.kind], field.name, field.words)


def _add_parts(messages: Messages, of: type[object]) -> str:
    name = name_parts(of)
    _add(messages, name, describe(of), [_build_member(messages, field) for field in list_parts(of)])
    return name


def _add(messages: Messages, name: str, comment: str, members: list[Member]) -> None:
    if messages.setdefault(name, (comment, members))[1] != members:
        raise ValueError(f"two messages would be called {name}, with different fields; rename the class of one.")


def _write_rpcs(operation: Operation) -> Iterator[str]:
    request, answer = (name_message(operation.name, part) for part in (REQUEST, ANSWER))
    yield from _write_comment(operation.summary, "  ")
    yield f"  rpc {name_rpc(operation.name)}({request}) returns ({answer});"
    if operation.stream is not None:
        yield from _write_comment(IN_PARTS, "  ")
        yield f"  rpc {name_rpc(operation.name)}{STREAM}({request}) returns (stream {answer});"


def _write_message(name: str, comment: str, members: list[Member], numbers: Numbers) -> Iterator[str]:
    yield from _write_comment(comment, "")
    yield f"message {name} {{"
    numbered = numbers.assign(name, [(member.name, member.kind) for member in members])
    if numbered.reserved:
        yield f"  reserved {', '.join(map(str, numbered.reserved))};"
        yield f"  reserved {', '.join(map(_quote, numbered.names))};"
    for member in sorted(members, key=lambda one: numbered.of[one.name]):
        yield from _write_comment(member.comment, "  ")
        yield f"  {member.kind} {member.name} = {numbered.of[member.name]};"
    yield "}"


def _write_comment(text: str, indent: str) -> Iterable[str]:
    return textwrap.wrap(text, 120, initial_indent=f"{indent}// ", subsequent_indent=f"{indent}// ")


def _quote(name: str) -> str:
    return f'"{name}"'

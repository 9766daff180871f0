"""Writes `answers.py` of the client: a dataclass for each operation's answer, and for each value of several parts."""

from __future__ import annotations

from scripts.endpoints.docstrings import list_lines, write_docstring
from scripts.endpoints.fields import Field, Kind, describe, list_answer_fields, list_parts, name_parts
from service.grpc.names import ANSWER, name_message
from service.operations import OPERATIONS, Operation

HEAD = '''\
"""What calls answer: frozen dataclasses of numpy arrays, one row per case, labels of the type that the model has.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seriesmith.reading import ClassArray, Flags, Floats, LabelArray, Wholes

__all__ = [
{names}]
'''

TYPES = {
    Kind.TEXT: "str",
    Kind.WHOLE: "int",
    Kind.NUMBER: "float",
    Kind.FLAG: "bool",
    Kind.ARRAY: "Floats",
    Kind.WHOLES: "Wholes",
    Kind.INDICES: "Wholes",
    Kind.FLAGS: "Flags",
    Kind.LABELS: "LabelArray",
    Kind.CLASSES: "ClassArray",
}


def write_answers() -> str:
    """Return the text of the module."""
    classes: dict[str, str] = {}
    for operation in OPERATIONS.values():
        _add_answer(classes, operation)
    names = "".join(f'    "{name}",\n' for name in sorted(classes))
    return "\n\n".join([HEAD.format(names=names), *classes.values()]) + "\n"


def _add_answer(classes: dict[str, str], operation: Operation) -> None:
    fields = list_answer_fields(operation)
    _add_parts_of(classes, fields)
    words = [operation.summary, describe(operation.answer), list_lines((one.name, one.words) for one in fields)]
    if operation.stream is not None:
        last = [f"`{one.name}`" for one in fields if one.kind is Kind.MAP]
        also = f", and the last part alone {' and '.join(last)}" if last else ""
        words.append(f"There are `n_cases` in all; a part of a stream has the next of them{also}.")
    if absent := [f"`{one.name}`" for one in fields if one.optional]:
        words.append(f"What the server left out is None: {', '.join(absent)}.")
    lines = [_write_field(field) for field in fields]
    if operation.stream is not None:
        lines.insert(2, "    n_cases: int")
    name = name_message(operation.name, ANSWER)
    # Comparing arrays has no single answer.
    classes[name] = _write_class(name, "frozen=True, eq=False, kw_only=True", words, lines)


def _add_parts_of(classes: dict[str, str], fields: list[Field]) -> None:
    """Add the classes of the values of several parts, those that others need first."""
    for field in fields:
        if field.kind is Kind.PARTS or (field.kind is Kind.MAP and field.of not in TYPES):
            parts = list_parts(field.of)
            _add_parts_of(classes, parts)
            name, lines = name_parts(field.of), [_write_field(part) for part in parts]
            classes[name] = _write_class(name, "frozen=True, kw_only=True", [describe(field.of)], lines)


def _write_class(name: str, options: str, words: list[str], lines: list[str]) -> str:
    return "\n".join([f"@dataclass({options})", f"class {name}:", *write_docstring(words), "", *lines])


def _write_field(field: Field) -> str:
    if field.kind is Kind.MAP:
        value = TYPES.get(field.of) or name_parts(field.of)
        # In a stream only the last part has it, and over gRPC an empty one is no different from none.
        return f"    {field.name}: dict[str, {value}] = field(default_factory=dict)"
    kind = TYPES.get(field.kind) or name_parts(field.of)
    return f"    {field.name}: {kind}" + (" | None = None" if field.optional else "")

"""Writes `operations.py` of the client: a function for each operation, which makes a call of its arguments."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.endpoints.docstrings import list_lines, write_docstring
from scripts.endpoints.fields import Field, Kind, list_request_fields
from service.grpc.names import ANSWER, name_message
from service.operations import OPERATIONS, Operation

HEAD = '''\
"""What can be asked: each function makes a call, which every client carries out in its own way.

`make proto` writes this file from the operations of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from seriesmith.answers import {answers}
from seriesmith.arguments import Ragged, Strategy, prepare_array, prepare_by_channel, prepare_counts
from seriesmith.arguments import prepare_labels, prepare_series, prepare_strategy, prepare_times, prepare_wholes
from seriesmith.calls import Call, list_chosen, make_call
'''

TYPES = {
    Kind.TEXT: "str",
    Kind.WHOLE: "int",
    Kind.NUMBER: "float",
    Kind.FLAG: "bool",
    Kind.ARRAY: "Ragged",
    Kind.TIMES: "Ragged",
    Kind.WHOLES: "Sequence[int]",
    Kind.LABELS: "ArrayLike",
    Kind.COUNTS: "Mapping[Any, int]",
    Kind.CHOICE: "str | Mapping[str, Any]",
}
PREPARED = {
    Kind.ARRAY: "prepare_array({name}, '{name}')",
    Kind.TIMES: "prepare_times({name})",
    Kind.WHOLES: "prepare_wholes({name}, '{name}')",
    Kind.LABELS: "prepare_labels({name})",
    Kind.COUNTS: "prepare_counts({name}, '{name}')",
    # Over gRPC the text that is the default is a message which is absent.
    Kind.CHOICE: "None if {name} == {default!r} else {name}",
}
"""How an argument becomes what is sent; others are sent as they are."""

CONVENIENT = {"strategy": ("Strategy", "prepare_strategy({name})")}
"""Arguments that callers may write in more ways than the server reads: their type, and how they become what is sent."""

BY_CHANNEL = ("lower", "upper", "start_value", "end_value", "sum")
"""Arguments that are one number, or one for each channel."""

POSITIONAL = (Kind.ARRAY, Kind.LABELS, Kind.COUNTS)
"""Arguments of many values may be given without their names."""


def write_operations() -> str:
    """Return the text of the module."""
    answers = ", ".join(name_message(name, ANSWER) for name in OPERATIONS)
    functions = ["\n".join(_write_function(operation)) for operation in OPERATIONS.values()]
    return "\n\n".join([HEAD.format(answers=answers), *functions]) + "\n"


def _write_function(operation: Operation) -> Iterator[str]:
    fields = list_request_fields(operation.request)
    positional = [one for one in fields if one.kind in POSITIONAL and one.name not in BY_CHANNEL]
    positional.sort(key=lambda one: one.optional)
    named = [one for one in fields if one not in positional]
    named.sort(key=lambda one: one.name == "model")  # which every operation has, last
    parameters = [text for one in positional for text in _list_parameters(one)]
    parameters += ["*", *(text for one in named for text in _list_parameters(one))]
    answer = name_message(operation.name, ANSWER)
    yield f"def {operation.name}({', '.join(parameters)}) -> Call[{answer}]:"
    words = list_lines(pair for one in (*positional, *named) for pair in _describe(one))
    yield from write_docstring([operation.summary, operation.description, words])
    sent = ", ".join(f'"{one.name}": {_prepare(one)}' for one in (*positional, *named) if one.name != "series")
    series = next((f", series={_prepare(one)}" for one in fields if one.name == "series"), "")
    parts = ", parts=True" if operation.stream is not None else ""
    yield f'    return make_call("{operation.name}", {answer}, {{{sent}}}{series}{parts})'


def _list_parameters(field: Field) -> list[str]:
    if field.kind is Kind.EXTRAS:
        return [f"{name}: bool = False" for name in field.of]
    kind = CONVENIENT[field.name][0] if field.name in CONVENIENT else TYPES[field.kind]
    kind = "ArrayLike" if field.name in BY_CHANNEL else kind
    if not field.optional:
        return [f"{field.name}: {kind}"]
    return [f"{field.name}: {kind}{' | None' if field.default is None else ''} = {field.default!r}"]


def _describe(field: Field) -> list[tuple[str, str]]:
    if field.kind is Kind.EXTRAS:
        return [(name, "whether the answer is to have it") for name in field.of]
    return [(field.name, field.words)]


def _prepare(field: Field) -> str:
    if field.kind is Kind.EXTRAS:
        return f"list_chosen({', '.join(f'{name}={name}' for name in field.of)})"
    form = CONVENIENT[field.name][1] if field.name in CONVENIENT else PREPARED.get(field.kind, "{name}")
    if field.name.endswith("series"):
        form = "prepare_series({name}, '{name}')"
    if field.name in BY_CHANNEL:
        form = "prepare_by_channel({name}, '{name}')"
    prepared = form.format(name=field.name, default=field.default)
    if field.kind not in PREPARED:
        return prepared
    return f"None if {field.name} is None else {prepared}" if field.optional and field.default is None else prepared

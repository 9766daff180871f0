"""Reads answers: the fields that a wire brings become the dataclass that a call is answered with."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from seriesmith.errors import Unexpected

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Wholes = NDArray[np.int64]

PER_CASE, PER_CLASS = "a label per case", "a list of labels"

LabelArray = Annotated[NDArray[Any], PER_CASE]
"""int64 or str, one per case."""
ClassArray = Annotated[NDArray[Any], PER_CLASS]
"""int64 or str, in the order of what has one value per class."""

Fields = dict[str, Any]
"""An answer as a wire brings it: the names of the JSON answer; arrays as numpy arrays; labels as a list, or as integers
that index the field `classes`."""

Answer = TypeVar("Answer")
Convert = Callable[[Any, Fields], Any]


def read_answer(kind: type[Answer], given: Fields) -> Answer:
    """Build an answer from the fields that arrived, without those unknown here. Raises `Unexpected`."""
    try:
        found = {
            name: convert(given[name], given)
            for name, convert in _list_converters(cast(Hashable, kind))
            if name in given
        }
        return kind(**found)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise Unexpected(f"the answer is not whole: {error}. Is the server as new as the client?") from error


@functools.cache
def _list_converters(kind: Any) -> tuple[tuple[str, Convert], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((field.name, _choose_converter(hints[field.name])) for field in fields(kind))


def _choose_converter(hint: Any) -> Convert:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (member,) = (one for one in arguments if one is not type(None))
        inner = _choose_converter(member)
        return lambda value, given: None if value is None else inner(value, given)
    if hint == Wholes:
        return lambda value, given: np.asarray(value, np.int64)
    if origin is Annotated:
        return _read_labels if PER_CASE in arguments else lambda value, given: to_label_array(value)
    if origin is dict:
        of_value = _choose_converter(arguments[1])
        return lambda value, given: {key: of_value(one, given) for key, one in value.items()}
    if is_dataclass(hint):
        return lambda value, given: read_answer(cast(type[Any], hint), value)
    return lambda value, given: value


def _read_labels(value: Any, given: Fields) -> NDArray[Any]:
    """Read a column of labels: the labels themselves, or integers that index the classes of the answer."""
    if not isinstance(value, np.ndarray):
        return to_label_array(value)
    labels: NDArray[Any] = to_label_array(given["classes"])[value] if "classes" in given else value
    return labels


def to_label_array(labels: Sequence[str | int]) -> NDArray[Any]:
    """Return labels as int64 when all are integers, else as texts."""
    if all(isinstance(label, int) for label in labels):
        return np.array(labels, np.int64)
    return np.array([str(label) for label in labels])


COLUMNS = {Floats: np.float32, Flags: np.bool_, Wholes: np.int64, LabelArray: np.int64}
"""The types of what has one entry per case, with the numpy type of none."""


@functools.cache
def list_columns(kind: Any) -> dict[str, type[np.generic]]:
    """List the fields of an answer that have one entry per case."""
    plain = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        union = get_origin(hint) in (Union, types.UnionType)
        plain[name] = next(one for one in get_args(hint) if one is not type(None)) if union else hint
    return {name: COLUMNS[hint] for name, hint in plain.items() if hint in COLUMNS}


def join_answers(parts: Sequence[Answer]) -> Answer:
    """Join answers about consecutive cases; fields that are not per case are those of the last, `note` those of all."""
    if len(parts) == 1:
        return parts[0]
    kind, last = type(parts[-1]), vars(parts[-1])
    columns = [name for name in list_columns(cast(Hashable, kind)) if last[name] is not None]
    joined: Fields = {name: _join_column([vars(part)[name] for part in parts]) for name in columns}
    if "note" in last:
        joined["note"] = _join_notes([vars(part)["note"] for part in parts])
    return kind(**last | joined)


def _join_notes(notes: Sequence[str | None]) -> str | None:
    """Join the sentences that differ, in order; None where there is none."""
    return " ".join(dict.fromkeys(note for note in notes if note)) or None


def _join_column(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate, with zeros behind the series of parts whose longest are shorter."""
    width = max(part.shape[-1] for part in parts) if parts[0].ndim > 2 else 0
    if any(part.shape[-1] < width for part in parts):
        parts = [np.pad(part, [*[(0, 0)] * (part.ndim - 1), (0, width - part.shape[-1])]) for part in parts]
    return np.concatenate(parts)

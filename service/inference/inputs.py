"""Derives the input tensors of an operation from the types of its request, so that a new operation adds nothing here.

A value is a tensor of one element; a dict by class label is two tensors side by side, `class_label` and the values; a
choice between several things (`strategy`) is their tensors, of which those of one are sent; one of several names
(`policy`) is a text. What a request asks for besides (`with`) is no tensor: it is asked for among the outputs.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel

from bundle.errors import InvalidRequest
from bundle.showing import show
from service.answers import Axes, Label, find_axes

Given = dict[str, np.ndarray]

DATATYPES: dict[type, str] = {bool: "BOOL", int: "INT64", float: "FP32", str: "BYTES"}
ACCEPTED = {"BOOL": "b", "INT64": "iu", "FP32": "f", "FP64": "f", "BYTES": "Oiu"}
"""The numpy kinds that an input of a datatype takes: any width will do, and integers do for the text of a label."""

CLASS_LABEL = "class_label"


@dataclass(frozen=True)
class Input:
    """A value of a request: the tensors that carry it, and the function that reads it from them."""

    field: str
    tensors: dict[str, Axes]
    read: Callable[[Given], Any]


def list_inputs(request: type[BaseModel]) -> list[Input]:
    """List the inputs of a request without `model`, series first."""
    hints = get_type_hints(request, include_extras=True)
    return [found for field in request.model_fields if field != "model" for found in _find_inputs(field, hints[field])]


def list_extras(request: type[BaseModel]) -> dict[str, frozenset[str]]:
    """List the outputs that are computed only on request, by the field that asks for them."""
    hints = get_type_hints(request)
    return {
        field.alias or name: frozenset(get_args(get_args(hints[name])[0]))
        for name, field in request.model_fields.items()
        if _asks_for_outputs(hints[name])
    }


def read_fields(inputs: list[Input], given: Given) -> dict[str, Any]:
    """Read the fields of a request from its tensors. Raises `InvalidRequest`."""
    fields: dict[str, Any] = {}
    used = 0
    for one in inputs:
        came = [name for name in one.tensors if name in given]
        if not came:
            continue
        if len(came) < len(one.tensors):
            lacks = next(name for name in one.tensors if name not in given)
            raise InvalidRequest(f"{came[0]} came without {lacks}; send them side by side.", lacks)
        if one.field in fields:
            choices = [", ".join(other.tensors) for other in inputs if other.field == one.field]
            raise InvalidRequest(f"{one.field} came in two ways; send one of: {'; '.join(choices)}.", one.field)
        for name in came:
            _check(name, one.tensors[name], given[name])
        fields[one.field] = one.read(given)
        used += len(came)
    if used < len(given):
        known = [name for one in inputs for name in one.tensors]
        odd = next(name for name in given if name not in known)
        raise InvalidRequest(f"there is no input {show(odd)}; there are: {', '.join(known)}.")
    return fields


def _check(name: str, axes: Axes, array: np.ndarray) -> None:
    if array.dtype.kind not in ACCEPTED[axes.datatype]:
        raise InvalidRequest(f"{name} came with numbers or text of another kind; send {axes.datatype}.", name)
    if axes.names == ("one",) and array.size != 1:
        raise InvalidRequest(f"{name} has {array.size} elements; send one, of shape [1].", name)
    if len(axes.names) == 1 and array.size != 1 and array.size != max(array.shape, default=1):
        raise InvalidRequest(f"{name} is of shape {list(array.shape)}; send it with one axis.", name)


def _find_inputs(field: str, hint: Any) -> Iterator[Input]:
    """Yield the inputs that may carry a field of type `hint`."""
    axes = find_axes(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if axes is not None:
        yield Input(field, {field: axes}, lambda given: given[field])
    elif origin is Annotated:
        yield from _find_inputs(field, arguments[0])
    elif origin in (Union, types.UnionType):
        for member in arguments:
            yield from _find_inputs(field, member)
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        for part in list_inputs(hint):
            yield Input(field, part.tensors, _make_part_reader(part))
    elif origin is list and arguments[0] == Label:
        yield Input(field, {field: Axes("BYTES")}, lambda given: _read_list(given[field]))
    elif origin is dict:
        count = field.removesuffix("s")
        tensors = {
            CLASS_LABEL: _make_class_axes("BYTES"),
            count: _make_class_axes(DATATYPES[_strip_annotation(arguments[1])]),
        }
        yield Input(field, tensors, lambda given: _pair(given, count))
    elif (datatype := choose_datatype(hint)) is not None:
        yield Input(field, {field: Axes(datatype, ("one",))}, lambda given: _read_single(given[field]))


def choose_datatype(hint: Any) -> str | None:
    """Return the datatype of a single value: BYTES for one of several names; None for a lone constant."""
    if get_origin(hint) is Literal:
        return "BYTES" if len(get_args(hint)) > 1 else None
    return DATATYPES.get(hint)


def _make_part_reader(part: Input) -> Callable[[Given], Any]:
    return lambda given: {part.field: part.read(given)}


def _make_class_axes(datatype: str) -> Axes:
    return Axes(datatype, ("n_named_classes",))


def _strip_annotation(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _asks_for_outputs(hint: Any) -> bool:
    return get_origin(hint) is list and get_origin(get_args(hint)[0]) is Literal


def _read_single(array: np.ndarray) -> Any:
    """Return the only element; a float32 as its shortest decimal, so that 1.15 equals JSON's 1.15."""
    element = array.reshape(-1)[0]
    return float(str(element)) if array.dtype == np.float32 else array.reshape(-1).tolist()[0]


def _read_list(array: np.ndarray) -> list[Label]:
    listed: list[Label] = array.reshape(-1).tolist()
    return listed


def _pair(given: Given, values: str) -> dict[str, Any]:
    labels, numbers = _read_list(given[CLASS_LABEL]), _read_list(given[values])
    if len(labels) != len(numbers):
        raise InvalidRequest(
            f"{CLASS_LABEL} has {len(labels)} elements and {values} {len(numbers)}; they go side by side.", values
        )
    paired = {str(label): number for label, number in zip(labels, numbers, strict=True)}
    if len(paired) < len(labels):
        raise InvalidRequest(f"{CLASS_LABEL} names a class twice; name each once.", CLASS_LABEL)
    return paired

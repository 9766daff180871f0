"""Derives the output tensors of an operation from the types of its answer.

Columns are tensors as they are, single values tensors of one element. A dict by class label is a tensor of its values
(one of each part, where a value has several) beside `class_label`; -1 stands where there is no value. Another value of
several parts is a tensor of each, named after both (`advice_message`), left out where it is null; a map among these
parts is a tensor of its keys and one of each part of its values (`advice_judges`, `advice_judges_verdict`), left out
where it is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from service.answers import Axes, find_axes
from service.inference.inputs import CLASS_LABEL, choose_datatype
from service.inference.tensors import DTYPES, Column

NOTHING = -1


@dataclass(frozen=True)
class Output:
    """A tensor of an answer: its field, and the function that reads it from the answer."""

    name: str
    field: str
    axes: Axes
    read: Callable[[Any], Column | None]


def list_outputs(answer: type[Any]) -> dict[str, Output]:
    """List the outputs of an answer, but for `model` and `version`, which the protocol has itself."""
    hints = get_type_hints(answer, include_extras=True)
    found: dict[str, Output] = {}
    for field, hint in hints.items():
        if field not in ("model", "version"):
            for output in _find_outputs(field, hint):
                found.setdefault(output.name, output)
    return found


def _find_outputs(field: str, hint: Any) -> Iterator[Output]:
    axes = find_axes(hint)
    if axes is not None and axes.names == ("one",):
        yield Output(field, field, axes, lambda answer: _make_single_column(getattr(answer, field), axes.datatype))
    elif axes is not None:
        yield Output(field, field, axes, attrgetter(field))
    elif get_origin(hint) is dict:
        kind = get_args(hint)[1]
        by_class = ("n_named_classes",)
        yield Output(CLASS_LABEL, field, Axes("BYTES", by_class), lambda answer: list(getattr(answer, field)))
        if is_dataclass(kind):
            types = get_type_hints(kind)
            for part in fields(kind):
                datatype = _choose_datatype(_strip_none(types[part.name]))
                values = _make_map_reader(field, datatype, attrgetter(part.name))
                yield Output(part.name, field, Axes(datatype, by_class), values)
        else:
            datatype = _choose_datatype(kind)
            values = _make_map_reader(field, datatype, lambda value: value)
            yield Output(field, field, Axes(datatype, by_class), values)
    elif get_origin(hint) is list:
        yield Output(field, field, Axes("BYTES", ("n_classes",)), lambda answer: list(map(str, getattr(answer, field))))
    else:
        yield from _make_outputs(field, field, hint, attrgetter(field))


def _make_outputs(name: str, field: str, hint: Any, read: Callable[[Any], Any]) -> Iterator[Output]:
    """Yield the tensor of a value, or one for each of its parts."""
    hint = _strip_none(hint)
    if get_origin(hint) is dict:
        yield from _make_map_outputs(name, field, get_args(hint)[1], read)
    elif is_dataclass(hint):
        types = get_type_hints(hint)
        for part in fields(hint):
            yield from _make_outputs(f"{name}_{part.name}", field, types[part.name], _make_part_reader(read, part.name))
    else:
        datatype = _choose_datatype(hint)
        yield Output(name, field, Axes(datatype, ("one",)), lambda answer: _make_single_column(read(answer), datatype))


def _make_map_outputs(name: str, field: str, of: Any, read: Callable[[Any], Any]) -> Iterator[Output]:
    """Yield the tensor of a map's keys, and one for each part of its values; none of a map that is empty."""
    axes, types = ("n_keys",), get_type_hints(of)
    yield Output(name, field, Axes("BYTES", axes), lambda answer: list(read(answer)) or None)
    for part in fields(of):
        datatype = _choose_datatype(types[part.name])
        values = _make_values_reader(read, datatype, attrgetter(part.name))
        yield Output(f"{name}_{part.name}", field, Axes(datatype, axes), values)


def _make_values_reader(
    read: Callable[[Any], Any], datatype: str, value: Callable[[Any], Any]
) -> Callable[[Any], Column | None]:
    return lambda answer: (
        _build_column([value(one) for one in whole.values()], datatype) if (whole := read(answer)) else None
    )


def _make_part_reader(read: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    return lambda answer: None if (whole := read(answer)) is None else getattr(whole, name)


def _make_single_column(value: Any, datatype: str) -> Column | None:
    return None if value is None else _build_column([value], datatype)


def _make_map_reader(field: str, datatype: str, value: Callable[[Any], Any]) -> Callable[[Any], Column]:
    def read(answer: Any) -> Column:
        values = [value(of_class) for of_class in getattr(answer, field).values()]
        return _build_column([NOTHING if one is None else one for one in values], datatype)

    return read


def _build_column(values: list[Any], datatype: str) -> Column:
    return list(map(str, values)) if datatype == "BYTES" else np.array(values, DTYPES[datatype])


def _choose_datatype(hint: Any) -> str:
    datatype = choose_datatype(hint)
    assert datatype is not None, f"no tensor can hold {hint}"
    return datatype


def _strip_none(hint: Any) -> Any:
    """`T` of `T | None`, and of `T`."""
    members = [part for part in get_args(hint) if part is not type(None)]
    return members[0] if type(None) in get_args(hint) else hint

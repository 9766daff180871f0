"""What an answer's fields are as tensors, read off its types.

Columns are tensors as they are, single values tensors of one element. A dict by class label is a tensor of its values
(one of each part, where a value has several) beside `class_label`; -1 stands where there is no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from service.answers import Axes, axes_of
from service.inference.inputs import CLASS_LABEL, DATATYPES
from service.inference.tensors import DTYPES, Column

NOTHING = -1


@dataclass(frozen=True)
class Output:
    """A tensor of an answer: the field that it is read from, and how."""

    name: str
    field: str
    axes: Axes
    read: Callable[[Any], Column | None]


def outputs_of(answer: type[Any]) -> dict[str, Output]:
    """An answer's outputs, `model` and `version` left to the protocol."""
    hints = get_type_hints(answer, include_extras=True)
    found: dict[str, Output] = {}
    for field, hint in hints.items():
        if field not in ("model", "version"):
            for output in _outputs(field, hint):
                found.setdefault(output.name, output)
    return found


def _outputs(field: str, hint: Any) -> Iterator[Output]:
    axes = axes_of(hint)
    if axes is not None:
        yield Output(field, field, axes, attrgetter(field))
    elif get_origin(hint) is dict:
        kind = get_args(hint)[1]
        by_class = ("n_named_classes",)
        yield Output(CLASS_LABEL, field, Axes("BYTES", by_class), lambda answer: list(getattr(answer, field)))
        if is_dataclass(kind):
            types = get_type_hints(kind)
            for part in fields(kind):
                axes = Axes(DATATYPES[_given(types[part.name])], by_class)
                yield Output(part.name, field, axes, _values(field, axes, attrgetter(part.name)))
        else:
            axes = Axes(DATATYPES[kind], by_class)
            yield Output(field, field, axes, _values(field, axes, lambda value: value))
    elif get_origin(hint) is list:
        yield Output(field, field, Axes("BYTES", ("n_classes",)), lambda answer: list(map(str, getattr(answer, field))))
    else:
        axes = Axes(DATATYPES[hint], ("one",))
        dtype = DTYPES[axes.datatype]
        yield Output(field, field, axes, lambda answer: np.array([getattr(answer, field)], dtype))


def _values(field: str, axes: Axes, value: Callable[[Any], Any]) -> Callable[[Any], Column]:
    def read(answer: Any) -> Column:
        values = [value(of_class) for of_class in getattr(answer, field).values()]
        return np.array([NOTHING if one is None else one for one in values], DTYPES[axes.datatype])

    return read


def _given(hint: Any) -> Any:
    """`T` of `T | None`, and of `T`."""
    return next(part for part in (*get_args(hint), hint) if part is not type(None))

"""Reads what each field of a request or an answer is from its type, for the .proto and the client alike."""

from __future__ import annotations

import dataclasses
import inspect
import types
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from service.answers import Axes, Label, find_axes
from service.inference.inputs import list_extras
from service.operations import Operation


class Kind(Enum):
    """What a field holds."""

    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    FLAG = auto()
    ARRAY = auto()
    """float32, of any shape."""
    TIMES = auto()
    """float64, one per timepoint of each case."""
    WHOLES = auto()
    INDICES = auto()
    """Whole numbers, several for each case."""
    FLAGS = auto()
    LABELS = auto()
    """A class label per case."""
    CLASSES = auto()
    """A list of class labels that is not per case."""
    COUNTS = auto()
    """A whole number per class label, in the caller's order."""
    EXTRAS = auto()
    """Names of outputs that are computed only on request."""
    CHOICE = auto()
    """One of several models, or a text that is the default."""
    PARTS = auto()
    """A value of several parts."""
    MAP = auto()
    """A value, or a value of several parts, per class label."""


SCALARS = {str: Kind.TEXT, int: Kind.WHOLE, float: Kind.NUMBER, bool: Kind.FLAG}
COLUMNS = {"FP32": Kind.ARRAY, "FP64": Kind.TIMES, "INT64": Kind.WHOLES, "BOOL": Kind.FLAGS, "BYTES": Kind.LABELS}

NAMES = {"AugmentAdvice": "Advice", "Points": "Interval"}
"""Values of several parts that have been known by shorter names since before names followed from classes."""


@dataclass(frozen=True)
class Field:
    """`of` is the type of the parts, of a map's values, or the models of a choice; the names of extras.

    `optional`: whether the field may be absent. `words` describe it; `default` is that of a request's field.
    """

    name: str
    kind: Kind
    optional: bool = False
    of: Any = None
    words: str = ""
    default: Any = None


def list_request_fields(request: type[BaseModel]) -> list[Field]:
    """List the fields of a request, under the names that they have in JSON. Raises `TypeError`."""
    hints = get_type_hints(request, include_extras=True)
    found = []
    for name, known in request.model_fields.items():
        hint, _ = _strip(hints[name])
        kind, of = _classify_given(f"{request.__module__}.{name}", hint, find_axes(hints[name]))
        words = known.description or _find_description(hints[name])
        default = None if known.is_required() else known.get_default(call_default_factory=True)
        found.append(Field(known.alias or name, kind, not known.is_required(), of, words, default))
    return found


def list_answer_fields(operation: Operation) -> list[Field]:
    """List the fields of an operation's answer; optional is what an answer over JSON may lack. Raises `TypeError`."""
    extras = frozenset[str]().union(*list_extras(operation.request).values())
    hints = get_type_hints(operation.answer, include_extras=True)
    found = []
    for field in _list_hinted(operation.answer, hints):
        axes = find_axes(hints[field.name])
        absent = field.name in extras or (axes is not None and axes.may_lack)
        found.append(dataclasses.replace(field, optional=absent or (axes is None and field.optional)))
    return found


def list_parts(of: type[Any]) -> list[Field]:
    """List the fields of a value of several parts, a dataclass. Raises `TypeError`."""
    return _list_hinted(of, get_type_hints(of, include_extras=True))


def name_parts(of: type[Any]) -> str:
    """Name the message, and the client's class, of a value of several parts."""
    return NAMES.get(of.__name__, of.__name__)


def describe(of: Any) -> str:
    """Return the docstring of a class as one paragraph."""
    return " ".join((inspect.getdoc(of) or "").split())


def _list_hinted(of: type[Any], hints: dict[str, Any]) -> list[Field]:
    found = []
    for name, hint in hints.items():
        axes = find_axes(hint)
        plain, optional = _strip(hint)
        kind, inner = _classify_answered(f"{of.__module__}.{name}", plain, axes)
        words = "" if axes is None else f"[{', '.join(axes.names)}]"
        found.append(Field(name, kind, optional, inner, words))
    return found


def _classify_given(place: str, hint: Any, axes: Axes | None) -> tuple[Kind, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is list and get_origin(arguments[0]) is Literal:
        return Kind.EXTRAS, get_args(arguments[0])
    if origin is list and arguments[0] == Label:
        return Kind.LABELS, None
    if origin is dict and _strip(arguments[1])[0] is int:
        return Kind.COUNTS, None
    if origin in (Union, types.UnionType) and (models := [one for one in arguments if _is_model(one)]):
        return Kind.CHOICE, models
    return _classify(place, hint, axes)


def _classify_answered(place: str, hint: Any, axes: Axes | None) -> tuple[Kind, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is list and arguments[0] == Label:
        return Kind.CLASSES, None
    if origin is dict:
        return Kind.MAP, arguments[1] if dataclasses.is_dataclass(arguments[1]) else _classify(place, arguments[1])[0]
    if dataclasses.is_dataclass(hint):
        return Kind.PARTS, hint
    return _classify(place, hint, axes)


def _classify(place: str, hint: Any, axes: Axes | None = None) -> tuple[Kind, Any]:
    if axes is not None and axes.names != ("one",):
        several = axes.datatype == "INT64" and len(axes.names) > 1
        return Kind.INDICES if several else COLUMNS[axes.datatype], None
    kind = Kind.TEXT if get_origin(hint) is Literal else SCALARS.get(hint)
    if kind is None:
        raise TypeError(f"{place} is {hint}, which no message can hold; give it a type that Kind lists.")
    return kind, None


def _strip(hint: Any) -> tuple[Any, bool]:
    """Return the type within `Annotated` and `| None`, and whether None is allowed."""
    if get_origin(hint) is Annotated:
        return _strip(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        members = [one for one in get_args(hint) if one is not type(None)]
        return _strip(members[0])[0] if len(members) == 1 else Union[tuple(members)], True  # noqa: UP007 (of a tuple)
    return hint, False


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _find_description(hint: Any) -> str:
    """Return the description in an annotation, or in a member of a union."""
    for part in get_args(hint):
        json_schema = getattr(part, "json_schema", None)
        words = getattr(part, "description", None) or (json_schema or {}).get("description") or _find_description(part)
        if words:
            return str(words)
    return ""

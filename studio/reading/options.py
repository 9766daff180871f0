"""The fields of a dataclass of settings as a page shows them: kind, default, bounds and what they mean."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from training.settings import Bounds

KINDS: dict[object, str] = {bool: "boolean", int: "integer", float: "number", str: "text"}


def list_options(settings: type) -> list[dict[str, Any]]:
    """An `Option` for each field with a value that can be written: name, kind, default, help; minimum, maximum,
    above and below where they are bounds; choices."""
    helps = _read_helps(settings)
    hints = get_type_hints(settings, include_extras=True)
    options = []
    for field in dataclasses.fields(settings):
        described = _describe_hint(hints[field.name])
        if described is not None:
            options.append(
                {"name": field.name, **described, "default": _find_default(field), "help": helps.get(field.name, "")}
            )
    return options


def _describe_hint(hint: Any) -> dict[str, Any] | None:
    bounds: dict[str, Any] = {}
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        for one in more:
            if isinstance(one, Bounds):
                named = {"minimum": one.ge, "maximum": one.le, "above": one.gt, "below": one.lt}
                bounds = {name: value for name, value in named.items() if value is not None}
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [one for one in get_args(hint) if one is not type(None)]
        optional, hint = len(kinds) < len(get_args(hint)), kinds[0]
    if get_origin(hint) is Literal:
        return {"kind": "choice", "choices": list(get_args(hint)), "optional": optional}
    kind = KINDS.get(hint)
    return None if kind is None else {"kind": kind, **bounds, "optional": optional}


def _find_default(field: dataclasses.Field[Any]) -> Any:
    return None if field.default is dataclasses.MISSING else field.default


def _read_helps(settings: type) -> dict[str, str]:
    """What stands below each field, in this class and those that it derives from."""
    helps: dict[str, str] = {}
    for base in reversed(settings.__mro__):
        if dataclasses.is_dataclass(base):
            helps |= _read_own_helps(base)
    return helps


def _read_own_helps(settings: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(settings))).body[0]
    assert isinstance(body, ast.ClassDef)
    helps = {}
    for one, other in zip(body.body, body.body[1:], strict=False):
        match one, other:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                helps[name] = " ".join(text.split())
    return helps

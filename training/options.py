"""The fields of a dataclass of settings, as a program shows them: kind, default, bounds, and what they mean.

An option is `{name, kind, default, help}` with, where they hold, `minimum`, `maximum`, or `above` and `below`, bounds
that are not allowed themselves; `choices`; `words` that a number may be instead; and `several` for a list.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from training.settings import Bounds

KINDS = {bool: "boolean", int: "integer", float: "number", str: "text"}

Json = dict[str, Any]


def describe_options(settings: type) -> list[Json]:
    """All options of a dataclass of settings; without those that cannot be set as a plain value."""
    helps = read_helps(settings)
    options = [describe_option(settings, field, helps) for field in fields(settings)]
    return [option for option in options if option is not None]


def describe_option(owner: type, field: Field[Any], helps: dict[str, str]) -> Json | None:
    """An option; None for one that cannot be set as a plain value."""
    described = describe_type(get_type_hints(owner, include_extras=True)[field.name])
    if described is None:
        return None
    default = field.default if field.default is not MISSING else None
    return {"name": field.name, "default": default, "help": helps.get(field.name, ""), **described}


def describe_type(hint: Any) -> Json | None:
    """kind, bounds, choices and words of an annotation; None for one that is no plain value: a path, a table."""
    bounds: Json = {}
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        bounds = {name: value for one in more if isinstance(one, Bounds) for name, value in _name_bounds(one)}
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        kinds = [part for part in parts if part is not type(None)]
        literals = [word for part in kinds if get_origin(part) is Literal for word in get_args(part)]
        plain = [part for part in kinds if part in KINDS]
        if len(plain) > 1 or len(plain) + sum(get_origin(part) is Literal for part in kinds) < len(kinds):
            return None
        if plain:
            return {"kind": KINDS[plain[0]], **bounds, "words": literals}
        return {"kind": "choice", "choices": literals}
    if origin is Literal:
        return {"kind": "choice", "choices": list(parts)}
    if origin is tuple and len(parts) == 2 and parts[1] is Ellipsis and parts[0] in KINDS:
        return {"kind": KINDS[parts[0]], "several": True, **bounds}
    if hint not in KINDS:
        return None
    return {"kind": KINDS[hint], **bounds}


def _name_bounds(bounds: Bounds) -> Iterator[tuple[str, float]]:
    named = {"minimum": bounds.ge, "above": bounds.gt, "maximum": bounds.le, "below": bounds.lt}
    return ((name, value) for name, value in named.items() if value is not None)


def read_helps(owner: type) -> dict[str, str]:
    """The text below each field of a dataclass and of those that it derives from, as one line."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        if not is_dataclass(base) or not Path(inspect.getfile(base)).is_file():
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)
        for before, after in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and _is_text(after):
                text = after.value.value  # type: ignore[attr-defined]  # it is an expression of a constant
                found[before.target.id] = " ".join(inspect.cleandoc(text).split())
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

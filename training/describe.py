"""`python training/describe.py`: families and all options of a fit, as JSON, for programs that offer them.

    {"kinds": {"vae": [{"name", "summary", "options": [Option]}], …}, "options": [Option]}

An option is `{name, kind, default, help}` with, where they hold, `minimum`, `maximum`, or `above` and `below`, bounds
that are not allowed themselves; `choices`; `words` that a number may be instead; and `several` for a list.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import sys
import textwrap
import types
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("describe")

from training.command_line import ALIASES
from training.configuration import AUTO, OR_AUTO, PLACES, FitConfiguration
from training.data.source import Source
from training.families import PACKAGES, find_name, import_family, list_names
from training.families.settings import NO_FAMILY
from training.settings import Bounds

KINDS = {bool: "boolean", int: "integer", float: "number", str: "text"}

Json = dict[str, Any]


def main(arguments: Sequence[str] = (), prog: str = "describe.py") -> int:
    """Print the description; the exit status."""
    argparse.ArgumentParser(prog=prog, description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args(
        arguments
    )
    json.dump(describe_fit(), sys.stdout, ensure_ascii=False)
    print()
    return 0


def describe_fit() -> Json:
    """Families by kind, and the options of every fit that do not say where data is or where to publish."""
    kinds = {kind: [_describe_family(kind, name) for name in list_names(kind)] for kind in PACKAGES}
    inherited = {field.name for field in fields(Source)}
    helps = _read_helps(FitConfiguration)
    own = [field for field in fields(FitConfiguration) if field.name not in (*inherited, *PLACES, "name")]
    options = [
        _describe_choice(field, helps) if field.name in PACKAGES else _describe_option(FitConfiguration, field, helps)
        for field in own
    ]
    return {"kinds": kinds, "options": [option for option in options if option is not None]}


def _describe_family(kind: str, name: str) -> Json:
    module = import_family(kind, name)
    settings = module.Settings
    helps = _read_helps(settings)
    options = [_describe_option(settings, field, helps) for field in fields(settings)]
    summary = inspect.cleandoc(settings.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return {"name": name, "summary": summary, "options": [option for option in options if option is not None]}


def _describe_choice(field: Field[Any], helps: dict[str, str]) -> Json:
    """The option that names a family of a kind."""
    default = getattr(FitConfiguration(), field.name)
    named = None if default == NO_FAMILY else find_name(default)
    names = [*list_names(field.name), *(ALIASES if field.name == "classifier" else ())]
    return {
        "name": field.name, "kind": "choice", "default": named, "help": helps.get(field.name, ""), "choices": names,
    }  # fmt: skip


def _describe_option(owner: type, field: Field[Any], helps: dict[str, str]) -> Json | None:
    """An option; None for one that a program cannot set as a plain value."""
    hint = get_type_hints(owner, include_extras=True)[field.name]
    described = describe_type(hint)
    if described is None:
        return None
    default = field.default if field.default is not MISSING else None
    if described.get("words") == ["auto"] and default == AUTO:
        default = "auto"
    return {"name": field.name, "default": default, "help": helps.get(field.name, ""), **described}


def describe_type(hint: Any) -> Json | None:
    """kind, bounds, choices and words of an annotation; None for one that is no plain value: a path, a table."""
    bounds: Json = {}
    words: list[str] = []
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        bounds = {name: value for one in more if isinstance(one, Bounds) for name, value in _name_bounds(one)}
        words = ["auto"] if OR_AUTO in more else []
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
    return {"kind": KINDS[hint], **bounds} | ({"words": words} if words else {})


def _name_bounds(bounds: Bounds) -> Iterator[tuple[str, float]]:
    named = {"minimum": bounds.ge, "above": bounds.gt, "maximum": bounds.le, "below": bounds.lt}
    return ((name, value) for name, value in named.items() if value is not None)


def _read_helps(owner: type) -> dict[str, str]:
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

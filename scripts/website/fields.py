"""A table of the fields of a dataclass of settings: what each takes, its default, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from scripts.website.sources import ROOT
from scripts.website.tables import as_code, as_text, make_table
from training.options import describe_type, read_helps

BOUNDS = {"minimum": "at least", "above": "above", "maximum": "at most", "below": "below"}
HEAD = ("takes", "default", "meaning")


def make_fields_table(
    title: str, settings: type, name: Callable[[str], str], leave_out: Collection[str] = (), of: Collection[str] = ()
) -> str:
    """Make the table; `name` makes of a field's name what a user sets, and `of` are the fields, where not all are."""
    hints, helps = get_type_hints(settings, include_extras=True), read_helps(settings)
    shown = [one for one in fields(settings) if one.name not in leave_out and (not of or one.name in of)]
    rows = [
        (as_code(name(one.name)), describe_taken(hints[one.name]), _show_default(one), as_text(helps.get(one.name, "")))
        for one in shown
    ]
    return make_table((title, *HEAD), rows)


def describe_taken(hint: Any) -> str:
    """Say in a few words what an annotation takes, with its bounds."""
    described = describe_type(hint)
    if described is None:
        return _describe_other(hint)
    words = [as_code(word) for word in (*described.get("choices", ()), *described.get("words", ()))]
    if described["kind"] == "choice":
        return ", ".join(words)
    bounds = " and ".join(f"{text} {described[end]:g}" for end, text in BOUNDS.items() if end in described)
    kind = ("several: " if described.get("several") else "") + described["kind"]
    return ", or ".join([f"{kind}, {bounds}" if bounds else kind, *words])


def _describe_other(hint: Any) -> str:
    parts = {hint, *get_args(hint), *(part for one in get_args(hint) for part in get_args(one))}
    if Path in parts:
        return "path"
    return "several: text" if tuple in {get_origin(part) for part in parts} else "text"


def _show_default(one: Field[Any]) -> str:
    if one.default is MISSING:
        return ""
    return show_value(one.default)


def show_value(value: Any) -> str:
    """Show a default: a path of this checkout from its top; nothing for None, and for what is empty."""
    if isinstance(value, bool):
        return as_code(str(value).lower())
    if value is None or value == () or value == "":
        return ""
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        return as_code(f"{value.relative_to(ROOT)}/")
    if isinstance(value, tuple):
        return ", ".join(map(as_code, value))
    return as_code(f"{value:g}" if isinstance(value, float) else value)

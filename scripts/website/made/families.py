"""Families of networks by kind, from their modules: what each is, and its options with their bounds."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

from scripts.website.fields import make_fields_table
from scripts.website.tables import as_text
from training.families import PACKAGES, import_family, list_names
from training.settings import name_flag

TITLES = {
    "vae": "VAEs",
    "texture": "Textures",
    "classifier": "Classifiers",
    "generator": "Generators without an encoder",
}


def make_pages() -> dict[str, str]:
    """Make a page for each kind."""
    return {f"reference/families/{kind}.md": _make_page(kind) for kind in PACKAGES}


def _make_page(kind: str) -> str:
    package = importlib.import_module(PACKAGES[kind])
    head = (
        f"# {TITLES[kind]}\n\n`{name_flag(kind)} NAME` chooses one, `{name_flag(kind)}.OPTION VALUE` sets an option.\n"
    )
    sections = [_make_section(kind, name, import_family(kind, name)) for name in list_names(kind)]
    contract = f"## What they have in common\n\n{show_docstring(package)}\n"
    return "\n".join([head, *sections, contract])


def _make_section(kind: str, name: str, family: ModuleType) -> str:
    options = make_fields_table("flag", family.Settings, lambda field: name_flag(f"{kind}.{field}"))
    return f"## {name}\n\n{show_docstring(family)}\n\n{options}"


def show_docstring(documented: ModuleType | type) -> str:
    """Return the docstring of a module or a class, as Markdown."""
    return as_text(inspect.cleandoc(documented.__doc__ or ""))

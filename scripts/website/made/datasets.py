"""Generators of data and readers of files, from their modules."""

from __future__ import annotations

from bundle.finding import import_modules
from scripts.website.fields import make_fields_table
from scripts.website.made.families import show_docstring
from scripts.website.tables import make_table
from training.data.discover import FORMATS, GENERATORS
from training.settings import name_flag

GENERATED = """# Generated datasets

`seriesmith generate NAME --out FILE` writes one to a file, `seriesmith fit --dataset NAME` learns one that is made
on the spot; `--generator.OPTION VALUE` sets an option in both ([more](../training/data/generators/README.md)).
"""

READ = """# Dataset formats

`--data FILE` reads a file by its suffix and content, `--format NAME` as you say
([how tables, folders and archives are read](../training/data/README.md)).
"""


def make_pages() -> dict[str, str]:
    """Make the page of generators and that of formats."""
    return {"reference/generated-datasets.md": _list_generators(), "reference/dataset-formats.md": _list_formats()}


def _list_generators() -> str:
    sections = []
    for name, module in import_modules(GENERATORS):
        settings = show_docstring(module.Settings)
        options = make_fields_table("flag", module.Settings, lambda field: name_flag(f"generator.{field}"))
        sections.append(f"## {name}\n\n{show_docstring(module)}\n\n{settings}\n\n{options}")
    return "\n".join([GENERATED, *sections])


def _list_formats() -> str:
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{suffix}`" for suffix in module.SUFFIXES),
            show_docstring(module).partition("\n\n")[0],
        )
        for name, module in import_modules(FORMATS)
        if hasattr(module, "SUFFIXES")
    ]
    return READ + "\n" + make_table(("format", "suffixes", "what is read"), rows)

"""The commands of `seriesmith`, and every flag of those whose settings are one dataclass."""

from __future__ import annotations

from dataclasses import fields

from scripts.website.fields import make_fields_table
from scripts.website.made.families import show_docstring
from scripts.website.tables import make_table
from training.compare import BundlesConfiguration
from training.comparing.configuration import FamiliesConfiguration
from training.configuration import PLACES, FitConfiguration
from training.console import COMMANDS
from training.data.source import Source
from training.evaluate import EvaluateConfiguration
from training.families import PACKAGES
from training.generate import GenerateConfiguration
from training.settings import name_flag

CONFIGURATIONS = {
    "generate": GenerateConfiguration,
    "compare": BundlesConfiguration,
    "compare --out": FamiliesConfiguration,
    "evaluate": EvaluateConfiguration,
}
NESTED = (*PACKAGES, "fit", "generated", "generator")
"""Fields that are dataclasses themselves; their flags are those of a fit, or of a family."""

FIT = """# Options of a fit

`seriesmith fit` has these flags; in a source tree `python training/fit.py` is the same. A flag of a yes or no is
turned off by `--no-` before its name.

## Where the data comes from, and how it is read

{data}

## What is learned

`--vae`, `--texture`, `--classifier` and `--generator` name families, each with options of its own:
[VAEs](families/vae.md), [textures](families/texture.md), [classifiers](families/classifier.md),
[generators](families/generator.md).

{learned}

## Where it is published, and how it is watched

{places}
"""

COMMON = """# Commands

{commands}

`seriesmith COMMAND --help` lists its settings. [Those of a fit](fit.md) have a page.
"""


def make_pages() -> dict[str, str]:
    """Make the page of a fit's options, and that of all commands."""
    return {"reference/fit.md": _make_fit_page(), "reference/commands.md": _make_commands_page()}


def _make_fit_page() -> str:
    data = {field.name for field in fields(Source)}
    places = {*PLACES, "name", "signing_key", "report"} - {"checkpoints"}
    return FIT.format(
        data=make_fields_table("flag", FitConfiguration, name_flag, leave_out=NESTED, of=data),
        learned=make_fields_table(
            "flag", FitConfiguration, name_flag, leave_out={*NESTED, *data, *places, "checkpoints"}
        ),
        places=make_fields_table("flag", FitConfiguration, name_flag, of=places),
    )


def _make_commands_page() -> str:
    listed = make_table(
        ("command", "what it does"), [(f"`seriesmith {name}`", what) for name, what in COMMANDS.items()]
    )
    sections = [_make_section(name, settings) for name, settings in CONFIGURATIONS.items()]
    return "\n".join([COMMON.format(commands=listed), *sections])


def _make_section(name: str, settings: type) -> str:
    table = make_fields_table("flag", settings, name_flag, leave_out=NESTED)
    return f"## seriesmith {name}\n\n{show_docstring(settings)}\n\n{table}"

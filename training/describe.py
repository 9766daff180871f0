"""`python training/describe.py`: families and all options of a fit, as JSON, for programs that offer them.

    {"kinds": {"vae": [{"name", "summary", "options": [Option]}], …}, "options": [Option]}

`training/options.py` says what an Option is.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import Field, fields
from typing import Any, get_args, get_type_hints

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("describe")

from training.command_line import ALIASES
from training.configuration import AUTO, OR_AUTO, PLACES, FitConfiguration
from training.data.source import Source
from training.families import PACKAGES, find_name, import_family, list_names
from training.families.settings import NO_FAMILY
from training.options import Json, describe_option, describe_options, read_helps


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
    helps = read_helps(FitConfiguration)
    own = [field for field in fields(FitConfiguration) if field.name not in (*inherited, *PLACES, "name")]
    options = [
        _describe_choice(field, helps) if field.name in PACKAGES else _describe_option(field, helps) for field in own
    ]
    return {"kinds": kinds, "options": [option for option in options if option is not None]}


def _describe_family(kind: str, name: str) -> Json:
    module = import_family(kind, name)
    settings = module.Settings
    summary = inspect.cleandoc(settings.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return {"name": name, "summary": summary, "options": describe_options(settings)}


def _describe_choice(field: Field[Any], helps: dict[str, str]) -> Json:
    """The option that names a family of a kind."""
    default = getattr(FitConfiguration(), field.name)
    named = None if default == NO_FAMILY else find_name(default)
    names = [*list_names(field.name), *(ALIASES if field.name == "classifier" else ())]
    return {
        "name": field.name, "kind": "choice", "default": named, "help": helps.get(field.name, ""), "choices": names,
    }  # fmt: skip


def _describe_option(field: Field[Any], helps: dict[str, str]) -> Json | None:
    """An option of every fit; where "auto" stands for a number, it is a word of it, and the default."""
    option = describe_option(FitConfiguration, field, helps)
    if option is not None and OR_AUTO in get_args(get_type_hints(FitConfiguration, include_extras=True)[field.name]):
        option |= {"words": ["auto"], "default": "auto" if option["default"] == AUTO else option["default"]}
    return option

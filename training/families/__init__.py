"""A family is a module: `Settings`, `build`, `fit`, and the graphs of what it fits. It is found by its name.

Families of one kind lie in one package, which says what they have in common. Nothing needs registering: the flags of
`fit.py`, its help, the manifest's record and the contract test follow from the module.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import asdict, fields
from types import ModuleType
from typing import Any

from bundle.finding import list_modules
from training.settings import ConfigurationError, name_flag

PACKAGES = {
    "vae": "training.families.vae",
    "texture": "training.families.textures",
    "classifier": "training.families.classifiers",
    "generator": "training.families.generators",
}
"""Kinds of families, as flags and records call them, and where they lie."""


def list_names(kind: str) -> list[str]:
    """The families of a kind."""
    return list_modules(PACKAGES[kind])


def import_family(kind: str, name: str, prefix: str = "") -> ModuleType:
    """The family's module. Raises `ConfigurationError`, with the families there are, where there is no such.

    `prefix` stands before the kind in the flag: "fit." for --fit.vae.
    """
    if name not in (known := list_names(kind)):
        raise ConfigurationError(f"{name_flag(prefix + kind)} is {name!r}; it must be one of: {', '.join(known)}.")
    return importlib.import_module(f"{PACKAGES[kind]}.{name}")


def list_options(kind: str, name: str) -> list[str]:
    """The names of the family's options. Raises `ConfigurationError` where there is no such family."""
    return [field.name for field in fields(import_family(kind, name).Settings)]


def make_settings(kind: str, name: str, options: dict[str, Any] | None = None) -> Any:
    """The family's `Settings`, with its defaults where `options` say nothing.

    Raises `ConfigurationError` for a family or an option that is not known, and for a value out of bounds.
    """
    known = list_options(kind, name)
    if unknown := sorted(set(options or ()) - set(known)):
        raise ConfigurationError(
            f"{kind} {name} has no option {unknown[0]!r}; it has: {', '.join(known) if known else 'none'}."
        )
    return import_family(kind, name).Settings(**(options or {}))


def find_module(settings: Any) -> ModuleType:
    """The family that `settings` are of."""
    return sys.modules[type(settings).__module__]


def find_name(settings: Any) -> str:
    """The name of the family that `settings` are of."""
    return type(settings).__module__.rpartition(".")[2]


def find_kind(settings: Any) -> str:
    """The kind of the family that `settings` are of; "family" for settings that are of none."""
    package = type(settings).__module__.rpartition(".")[0]
    return next((kind for kind, own in PACKAGES.items() if own == package), "family")


def record_settings(settings: Any) -> dict[str, Any]:
    """As a manifest holds them: the family's name and every option."""
    return {"family": find_name(settings), **asdict(settings)}


def _freeze(value: Any) -> Any:
    """JSON's lists as tuples, of which the options that hold several values are made."""
    return tuple(_freeze(each) for each in value) if isinstance(value, list) else value


def read_settings(kind: str, record: dict[str, Any]) -> Any:
    """What `record_settings` recorded. Raises `ConfigurationError` for what is not known here."""
    return make_settings(
        kind, record["family"], {name: _freeze(value) for name, value in record.items() if name != "family"}
    )

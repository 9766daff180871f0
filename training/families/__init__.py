"""A family is a file: found by its name in its package, with no registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from training.configuration import ConfigurationError


def list_names(package: str) -> list[str]:
    """The families that `package` (a dotted name) holds."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))


def check_name(package: str, family: str) -> None:
    """Raise `ConfigurationError`, with the families there are, where `package` has no such."""
    known = list_names(package)
    if family not in known:
        raise ConfigurationError(f"{package} has no {family!r}; it has: {', '.join(known)}.")


def build_named(package: str, family: str, *shape: int) -> Any:
    """Call `build(*shape)` of the family's module. Raises `ConfigurationError` with the families there are."""
    check_name(package, family)
    return importlib.import_module(f"{package}.{family}").build(*shape)

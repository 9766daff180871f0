"""Finds what is one file each, operations, families, formats, generators, by its name: there is no registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def list_modules(package: str) -> list[str]:
    """List the names of the modules that `package` (a dotted name) holds, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))


def import_modules(package: str) -> Iterator[tuple[str, ModuleType]]:
    """Import the modules that `package` (a dotted name) holds, one after the other, and yield them by name."""
    for name in list_modules(package):
        yield name, importlib.import_module(f"{package}.{name}")

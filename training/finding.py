"""What is one file each, families, formats, generators, judges, peers, is found by its name: there is no registry."""

from __future__ import annotations

import importlib
import pkgutil


def list_modules(package: str) -> list[str]:
    """The modules that `package` (a dotted name) holds, by name."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))

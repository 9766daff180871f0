"""Readers and generators are found by what a module of their package declares: there is no registry to edit.

A reader declares `SUFFIXES` and `read(path, settings)`; where it has options, `Settings`, the dataclass of
`training/data/source.py` that holds them; where other readers have the same suffix, `recognise(path, head)`. A
generator is called as its module, and declares `Settings`, the dataclass of its options, and `generate(settings)`. Both
return the training partition and the test partition or None, unchecked.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol, cast

from bundle.finding import import_modules, list_modules
from training.data.generated import Options
from training.data.raw import Partitions
from training.data.source import Source

FORMATS, GENERATORS = "training.data.formats", "training.data.generators"


class Reader(Protocol):
    """A module that reads files of some suffixes; raises DatasetError for what is not in its format."""

    __name__: str
    SUFFIXES: tuple[str, ...]

    def read(self, path: Path, settings: Source) -> Partitions: ...


class Generator(Protocol):
    """A module that makes a dataset, the same one for the same settings."""

    Settings: type[Options]

    def generate(self, settings: Any) -> Partitions: ...


def find_readers() -> dict[str, list[Reader]]:
    """The readers of each suffix, in lower case with the dot."""
    found: dict[str, list[Reader]] = {}
    for _, module in import_modules(FORMATS):
        for suffix in getattr(module, "SUFFIXES", ()):
            found.setdefault(suffix, []).append(cast(Reader, module))
    return found


def list_generators() -> list[str]:
    """The names of all generators."""
    return list_modules(GENERATORS)


def find_generator(name: str) -> Generator | None:
    """The generator of that name, if there is one."""
    if name not in list_generators():
        return None
    return cast(Generator, importlib.import_module(f"{GENERATORS}.{name}"))

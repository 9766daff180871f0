"""Readers and generators are found by what a module of their package declares: there is no registry to edit.

A reader declares `SUFFIXES` and `read(path, settings)`; where it has options, `Settings`, the dataclass of
`training/data/source.py` that holds them; where other readers have the same suffix, `recognise(path, head)`. A
generator declares `NAMES` and `generate(name)`. Both return the training partition and the test partition or None,
unchecked.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar, cast

from training.data.raw import Partitions
from training.data.source import Source

T = TypeVar("T")


class Reader(Protocol):
    """A module that reads files of some suffixes; raises DatasetError for what is not in its format."""

    __name__: str
    SUFFIXES: tuple[str, ...]

    def read(self, path: Path, settings: Source) -> Partitions: ...


class Generator(Protocol):
    """A module that makes the datasets of some names, the same ones every time."""

    NAMES: tuple[str, ...]

    def generate(self, name: str) -> Partitions: ...


def find_readers() -> dict[str, list[Reader]]:
    """The readers of each suffix, in lower case with the dot."""
    found: dict[str, list[Reader]] = {}
    for module in _import_modules("formats"):
        for suffix in getattr(module, "SUFFIXES", ()):
            found.setdefault(suffix, []).append(cast(Reader, module))
    return found


def find_generators() -> dict[str, Generator]:
    """Every generator by each dataset name it makes."""
    found = [cast(Generator, module) for module in _import_modules("generators") if hasattr(module, "NAMES")]
    return _require_one_each([(name, generator) for generator in found for name in generator.NAMES])


def _import_modules(package: str) -> Iterator[object]:
    for info in pkgutil.iter_modules([str(Path(__file__).parent / package)]):
        yield importlib.import_module(f"training.data.{package}.{info.name}")


def _require_one_each(pairs: list[tuple[str, T]]) -> dict[str, T]:
    found = dict(pairs)
    assert len(found) == len(pairs), f"two modules of training/data declare one of {sorted(found)}"
    return found

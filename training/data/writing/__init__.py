"""Cases out: a file of any format that can hold them, to be read again by the reader of that format.

A writer is a module of this package with `SUFFIXES` and `write(path, cases)`, which answers a note for each thing that
its format has no place for; nothing needs registering. Those of tables can write long ones and have `write_long` too.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from bundle.finding import import_modules
from training.data.cases import DatasetError
from training.data.raw import Raw


def write_cases(path: Path, cases: Raw, *, long: bool = False) -> tuple[str, ...]:
    """Write cases to a file in the format of its suffix, over what is there; what the format could not hold.

    `long` asks for a table with a row for each timepoint. Raises `DatasetError` for a suffix that no writer has and for
    cases that the format cannot hold at all, and `OSError`.
    """
    writer = _find_writers().get(path.suffix.lower())
    if writer is None:
        raise DatasetError(
            f"No format that can be written has the suffix {path.suffix!r} of {path}. Take one of "
            f"{', '.join(list_suffixes())}."
        )
    if long and not hasattr(writer, "write_long"):
        raise DatasetError(f"Only tables can be long, and {path} is none. Leave --long out, or take the suffix .csv.")
    path.parent.mkdir(parents=True, exist_ok=True)
    notes: tuple[str, ...] = (writer.write_long if long else writer.write)(path, cases)
    return notes


def list_suffixes() -> list[str]:
    """The suffixes that can be written, with their dots."""
    return sorted(_find_writers())


def _find_writers() -> dict[str, ModuleType]:
    return {suffix: module for _, module in import_modules(__name__) for suffix in getattr(module, "SUFFIXES", ())}

"""Results on disk, one line each, appended as they come; a line that was cut off half-way counts as not written."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FILE, CHOICES, QUALITY = "results.csv", "choices.csv", "quality.csv"


@dataclass(frozen=True)
class Row:
    """A policy in the eyes of a judge: shares of the test set, and nats; `nll` is None where a judge has no odds."""

    dataset: str
    seed: int
    judge: str
    policy: str
    n_train: int
    accuracy: float
    balanced_accuracy: float
    nll: float | None


@dataclass(frozen=True)
class Choice:
    """What cross-validation on the training set chose, with latent policies and without, and what it advises.

    The interval is the advice's, in points; `nll` holds each candidate's name and mean held-out NLL.
    """

    dataset: str
    seed: int
    policy: str
    without_latent: str
    advised: str
    use: bool
    mean: float | None
    low: float | None
    high: float | None
    nll: str


@dataclass(frozen=True)
class Measured:
    """Quality against the test set of what `operation` makes, "sample" or "augment" (moved training cases, with the
    policy advised); see `bundle.evidence.Quality`. Empty: not measurable."""

    dataset: str
    seed: int
    operation: str
    discriminative_score: float | None
    discriminative_floor: float | None
    tstr_ratio: float | None
    trts_ratio: float | None
    predictive_score: float | None
    predictive_floor: float | None
    frechet_distance: float | None
    frechet_floor: float | None
    spectrum_distance: float | None
    spectrum_floor: float | None
    nearest_neighbour_ratio: float | None
    membership_attack: float | None


class ResultsError(ValueError):
    """A file of results that was not written here."""


R = TypeVar("R", bound="DataclassInstance")
"""A dataclass of texts, numbers and truths, such as `Row`: a line."""


def read(path: Path, kind: type[R]) -> list[R]:
    """The rows of a file; none where there is no file. Raises ResultsError for lines of another shape."""
    lines = list(csv.reader(_read_whole_lines(path)))
    header = [field.name for field in fields(kind)]
    if lines and lines[0] != header:
        raise ResultsError(f"{path} begins with {lines[0]}, but {header} was expected; give another --out.")
    try:
        return [kind(*_parse_values(line, kind)) for line in lines[1:]]
    except ValueError as error:
        raise ResultsError(
            f"{path} holds a line that is no result ({error}); mend it or give another --out."
        ) from error


def append(path: Path, rows: Sequence[R]) -> None:
    """Add rows, in one write that is on the disk when this returns; a line cut off before is dropped first."""
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = "".join(_read_whole_lines(path))
    text = _write_text([astuple(row) for row in rows])
    if not whole:
        text = _write_text([[field.name for field in fields(rows[0])]]) + text
    with path.open("r+" if path.exists() else "w", newline="", encoding="utf-8") as file:
        file.seek(len(whole.encode()))
        file.truncate()
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write_text(lines: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()


def _read_whole_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [line for line in file if line.endswith("\n")]


def _parse_values(line: list[str], kind: type[R]) -> list[Any]:
    """The cells as their fields' types say (annotations are text here)."""
    readers: dict[str, Callable[[str], Any]] = {
        "str": str,
        "int": int,
        "float": float,
        "float | None": lambda cell: float(cell) if cell else None,
        "bool": lambda cell: cell == "True",
    }
    return [readers[str(field.type)](cell) for field, cell in zip(fields(kind), line, strict=True)]

"""What a section is made of: pictures, tables, a key to the colours and sentences, all of them plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Picture:
    """An image within the page: `source` is a data URI, `alternative` says in words what it shows."""

    kind: ClassVar[str] = "picture"
    source: str
    alternative: str
    width: int


@dataclass(frozen=True)
class Table:
    """Cells of text; the columns `numbers` stand right, the rows `marked` are bold."""

    kind: ClassVar[str] = "table"
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()
    caption: str = ""


@dataclass(frozen=True)
class Key:
    """Which colour and marker is which class: (label, colour, symbol)."""

    kind: ClassVar[str] = "key"
    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Note:
    """A sentence of text."""

    kind: ClassVar[str] = "note"
    text: str


Part = Picture | Table | Key | Note


@dataclass(frozen=True)
class Section:
    """A titled part of the report. `look_for` tells what to look for; `empty`, where nothing can be shown, why."""

    anchor: str
    title: str
    look_for: str
    parts: tuple[Part, ...] = ()
    empty: str = ""


def format_number(value: float | None, digits: int = 3) -> str:
    """A number as text; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def format_percent(share: float | None, digits: int = 0) -> str:
    """A share as text; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def format_signed(points: float) -> str:
    """A difference in points, as text."""
    return f"{points:+.1f}".replace("-", "−")

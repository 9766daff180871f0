"""The options that all tables share, flat flags of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.data.settings import CommonSettings, SignalSettings


@dataclass(frozen=True)
class TableSettings(SignalSettings, CommonSettings):
    """What the columns of a table are. A column is given by its name, or by its number (from 1) where it has none."""

    id: tuple[str, ...] = ()
    """Column that says which series a row belongs to: the table is long, one timepoint a row."""
    time: str | None = None
    """Column of a long table's times; without it, rows are taken in their order."""
    names: Path | None = None
    """For a folder of tables, one series a file: a table with a column `file`, and columns for label and group."""
    delimiter: str | None = None
    """What separates fields; "tab" and "space" are words for those two (default: found by the first lines)."""
    decimal: Literal[".", ","] | None = None
    """Decimal mark of a text table (default: found by the first lines)."""

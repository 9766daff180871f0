"""The options that all tables share, flat flags of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TableSettings:
    """What the columns of a table are. A column is given by its name, or by its number (from 1) where it has none."""

    label: tuple[str, ...] = ()
    """Column of the label; of a table without a header: first, last, none or a number; several are joined by " | ".
    Or a file beside the data with one label a line."""
    group: tuple[str, ...] = ()
    """Column of the group (patient, machine): no split ever parts a group. Several are joined by " | "."""
    id: tuple[str, ...] = ()
    """Column that says which series a row belongs to: the table is long, one timepoint a row."""
    time: str | None = None
    """Column of a long table's times; without it, rows are taken in their order."""
    value: tuple[str, ...] = ()
    """Columns of a long table's values, one a channel (default: all that nothing else is)."""
    ignore: tuple[str, ...] = ()
    """Columns that are left out."""
    missing: tuple[str, ...] = ()
    """What stands for a missing value, beside an empty field, "?" and NaN: -200, for instance."""
    names: Path | None = None
    """For a folder of tables, one series a file: a table with a column `file`, and columns for label and group."""
    delimiter: str | None = None
    """What separates fields; "tab" and "space" are words for those two (default: found by the first lines)."""
    decimal: str = "."
    """Decimal mark of a text table: a point or a comma."""

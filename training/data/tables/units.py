"""Names of channels, and their units: of the file, or in brackets behind the name, as in `flow [l/min]`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.data.tables.table import Table

_WITH_UNIT = re.compile(r"(.*\S)\s*\[([^\[\]]{1,40})\]|(.*\S)\s+\(([^()]{1,40})\)")


def split_units(table: Table, columns: Sequence[int]) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """A name for each of the columns, and a unit, "" where it is unknown; None where all of them are."""
    if table.names is None:
        return None, None
    names, units = zip(*(_split(table, column) for column in columns), strict=True)
    return names, units if any(units) else None


def _split(table: Table, column: int) -> tuple[str, str]:
    name = (table.names or ())[column].strip()
    if stated := (table.units or {}).get(column):
        return name, stated
    found = _WITH_UNIT.fullmatch(name)
    if found is None:
        return name, ""
    return (found[1], found[2]) if found[1] else (found[3], found[4])

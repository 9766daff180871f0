"""A table as it was found: columns of text or of typed values, with names or without."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    where: the table's name in sentences, such as "the file x.csv".
    names: the header as written; None: the table has none.
    columns: pyarrow arrays; text where the file is text.
    lines: of a text file, the line (from 1) of each row.
    units: by column, where the file states them.
    notes: what reading did to it.
    parts: of a table made of several files, the first row of each and its name.
    """

    where: str
    names: tuple[str, ...] | None
    columns: tuple[Any, ...]
    lines: Sequence[int] | None = None
    units: dict[int, str] | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[tuple[int, str], ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows without the header."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def subject(self) -> str:
        """The table's name at the start of a sentence."""
        return self.where[0].upper() + self.where[1:]

    def describe_row(self, row: int) -> str:
        """Where a row stands, for a sentence."""
        first, name = (0, "") if not self.parts else self.parts[bisect_right(self.parts, row, key=itemgetter(0)) - 1]
        place = f"row {row - first} (counted from 0)" if self.lines is None else f"line {self.lines[row]}"
        return f"{place} of {name}" if name else place

    def describe_column(self, column: int) -> str:
        """How a column is called, for a sentence."""
        if self.names is None or not self.names[column]:
            return f"column {column + 1}"
        return f"column {self.names[column]!r}"

    def name_column(self, column: int) -> str:
        """How a column is called at the start of a sentence."""
        words = self.describe_column(column)
        return f"{words[0].upper()}{words[1:]} of {self.where}"

    def get_flag(self, column: int) -> str:
        """What a flag calls the column: its name in quotes where they are needed, or its number."""
        name = self.names[column] if self.names is not None else ""
        if not name:
            return str(column + 1)
        return name if name.isidentifier() else f'"{name}"'

    def read_texts(self, column: int) -> list[str | None]:
        """The values of a column as text without surrounding blanks; None where there is none."""
        values = self.columns[column].to_pylist()
        return [None if value is None else _write(value) for value in values]

    def read_values(self, column: int) -> list[object]:
        """The values of a column as they are, text without surrounding blanks."""
        values = self.columns[column].to_pylist()
        return [value.strip() if isinstance(value, str) else value for value in values]

    def show_values(self, column: int, most: int = 3) -> str:
        """The first different values of a column, for a sentence."""
        different = list(dict.fromkeys(text or "nothing" for text in self.read_texts(column)))
        shown = ", ".join(text[:40] for text in different[:most])
        return shown if len(different) <= most else f"{shown} … ({len(different)} different ones)"


def is_text(column: Any) -> bool:
    """Whether a column holds text."""
    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_list(column: Any) -> bool:
    """Whether a column holds a list in every row."""
    kind = column.type
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def from_arrow(table: Any, where: str, notes: tuple[str, ...] = ()) -> Table:
    """A table of pyarrow's; a field's metadata may hold its unit, under `unit` or `units`."""
    columns = tuple(_decode(table.column(index)) for index in range(table.num_columns))
    units = {index: unit for index, field in enumerate(table.schema) if (unit := _find_unit(field.metadata or {}))}
    return Table(where, tuple(table.column_names), columns, units=units or None, notes=notes)


def _decode(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _find_unit(metadata: dict[bytes, bytes]) -> str | None:
    found = metadata.get(b"unit") or metadata.get(b"units")
    return found.decode("utf-8", "replace") if found else None


def _write(value: object) -> str:
    return value.strip() if isinstance(value, str) else str(value)

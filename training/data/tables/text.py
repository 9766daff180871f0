"""Text becomes a table: what separates fields, whether the first row is a header, which mark is the decimal one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pyarrow as pa

from training.data.cases import DatasetError
from training.data.tables.names import LEAST, is_run
from training.data.tables.roles import GROUPS, LABELS
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.tables.values import ABSENT, is_number
from training.data.unpack import decode

DELIMITERS = ("\t", ";", "|", ",")
"""In the order in which they are tried; a comma comes last, as it may be a decimal mark."""
WORDS = {"tab": "\t", "space": " ", "comma": ",", "semicolon": ";"}
SAMPLE = 50
"""Lines by which the delimiter and the decimal mark are found."""
PLACES = ("first", "last", "none")
"""What --label says of a table without a header."""

_WITH_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")
_WITH_POINT = re.compile(r"\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*")

Row = tuple[int, list[str]]


def parse_table(text: str, where: str, settings: TableSettings) -> tuple[Table, TableSettings]:
    """The table that a text holds, and the settings with the decimal mark that it has. DatasetError names the line."""
    lines = [line for line in text.split("\n") if line.strip()][:SAMPLE]
    delimiter = find_delimiter(lines, settings)
    rows, notes = _read_rows(text, delimiter, where)
    if not rows:
        raise DatasetError(f"{where[0].upper()}{where[1:]} is empty. Give a table with series in it.")
    header = _find_header(rows, where, settings)
    cases = rows[1:] if header else rows
    names = tuple(name.strip() for name in rows[0][1]) if header else None
    cases, more = _require_equal_width(cases, names, where, settings)
    columns = tuple(pa.array(list(column), pa.string()) for column in zip(*(row for _, row in cases), strict=True))
    if names and not cases:
        columns = tuple(pa.array([], pa.string()) for _ in names)
    table = Table(where, names, columns, [line for line, _ in cases], notes=(*notes, *more))
    table = _without_empty_columns(table)
    decimal: Literal[".", ","] = settings.decimal or _find_decimal(rows[:SAMPLE], delimiter)
    if decimal == "," and settings.decimal is None:
        table = replace(table, notes=(*table.notes, f"the numbers of {where} are read with a decimal comma"))
    return table, replace(settings, decimal=decimal)


def find_delimiter(lines: Sequence[str], settings: TableSettings) -> str:
    """The delimiter given; else the first that cuts every line into equally many fields, two at least; else, where all
    lines hold blanks between numbers, a blank; else a comma."""
    if settings.delimiter is not None:
        found = WORDS.get(settings.delimiter, settings.delimiter)
        if len(found) != 1:
            raise DatasetError(f"--delimiter is {settings.delimiter!r}; it must be one character, or tab or space.")
        return found
    for delimiter in DELIMITERS:
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        if len(widths) == 1 and widths != {1}:
            return delimiter
    counts = {delimiter: sum(line.count(delimiter) for line in lines) for delimiter in DELIMITERS}
    if any(counts.values()):
        return max(counts, key=lambda delimiter: counts[delimiter])
    blank = lines and all(len(line.split()) > 1 for line in lines)
    return " " if blank else ","


def has_header(head: bytes) -> bool:
    """Whether the first line of a tab- or blank-separated text names columns: text, or a run of numbers, behind the
    first field."""
    first = next((line for line in decode(head, "replace").split("\n") if line.strip()), "")
    fields = [field.strip() for field in (first.split("\t") if "\t" in first.strip() else first.split())]
    behind = [field for field in fields[1:] if field.lower() not in ABSENT]
    words = [field for field in behind if not is_number(field)]
    if len(words) == len(behind) or {word.lower() for word in words} & {*LABELS, *GROUPS}:
        return bool(words)
    if is_number(fields[0]):
        return False
    return bool(words) or (len(behind) >= LEAST and is_run(behind))


def _read_rows(text: str, delimiter: str, where: str) -> tuple[list[Row], list[str]]:
    """Rows with their lines, and what was left out."""
    notes = []
    if delimiter == " ":
        rows = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
    else:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        try:
            rows = [(table.line_num, row) for row in table]
        except csv.Error as error:
            raise DatasetError(
                f"{where[0].upper()}{where[1:]}, line {table.line_num}, cannot be read: {error}. Check its quotes, or "
                "say what separates its fields with --delimiter."
            ) from error
    filled = [(line, row) for line, row in rows if any(field.strip() for field in row)]
    if empty := sum(len(row) > 1 for _, row in rows) - sum(len(row) > 1 for _, row in filled):
        notes.append(f"{empty} rows of {where} without any value were left out")
    comments = 0
    while comments < len(filled) and filled[comments][1][0].lstrip().startswith("#"):
        comments += 1
    if comments:
        notes.append(f"{comments} lines at the start of {where} were left out as comments (#)")
    return filled[comments:], notes


def _find_header(rows: Sequence[Row], where: str, settings: TableSettings) -> bool:
    """Whether the first row names the columns. DatasetError where it could be a header or a case."""
    first = [field.strip() for field in rows[0][1]]
    numbers = [field for field in first if is_number(_unify(field, settings))]
    differs = len(rows) > 1 and rows[1][1] != rows[0][1] and len(rows[1][1]) == len(first)
    words = [field for field in first if not is_number(_unify(field, settings)) and field.lower() not in ABSENT]
    if not words:
        return len(numbers) >= LEAST and differs and all(_is_name(number) for number in numbers) and is_run(numbers)
    if not numbers or {word.lower() for word in words} & {*LABELS, *GROUPS}:
        return True
    given = (*settings.label, *settings.group, *settings.ignore, *settings.id, *settings.value, settings.time or "")
    if set(words) & {name for name in given if name not in PLACES}:
        return True
    if len(numbers) > 1 and is_run(numbers) and differs:
        return True
    if any(name in PLACES or name.isdecimal() for name in given):
        return False
    raise DatasetError(
        f"The first row of {where} holds numbers as well as text such as {words[0]!r}, so it could be a header or a "
        "case. If it is a case, say where its label is: --label first, --label last, or a column's number; if it is a "
        "header, let its names be text."
    )


def _unify(field: str, settings: TableSettings) -> str:
    return field.replace(",", ".") if settings.decimal != "." else field


def _is_name(number: str) -> bool:
    """Whether a number is written as a name is: whole, or with a short fraction."""
    return len(number) <= 8 and "e" not in number.lower()


def _require_equal_width(
    cases: list[Row], names: tuple[str, ...] | None, where: str, settings: TableSettings
) -> tuple[list[Row], list[str]]:
    """Rows of one width. Without a header, shorter rows are shorter series, unless the label stands last."""
    widths = sorted({len(row) for _, row in cases})
    width = len(names) if names else (widths[-1] if widths else 0)
    if widths in ([], [width]):
        return cases, []
    if names is None and settings.label != ("last",):
        notes = [f"the rows of {where} have {widths[0]} to {width} fields: shorter ones are shorter series"]
        return [(line, row + [""] * (width - len(row))) for line, row in cases], notes
    line, row = next((line, row) for line, row in cases if len(row) != width)
    raise DatasetError(
        f"{where[0].upper()}{where[1:]} has rows of unequal length: line {line} has {len(row)} fields, and "
        f"{'the header names' if names else 'the longest row has'} {width}. Mend that line; where series differ in "
        "length, leave the fields behind their end empty."
    )


def _without_empty_columns(table: Table) -> Table:
    """A delimiter at the end of each line makes a column without name and values."""
    if table.names is None:
        return table
    kept = [
        column
        for column, name in enumerate(table.names)
        if name or any((text or "").strip() for text in table.columns[column].to_pylist())
    ]
    if len(kept) == len(table.names):
        return table
    note = f"{len(table.names) - len(kept)} columns of {table.where} without a name and without values were left out"
    return replace(
        table,
        names=tuple(table.names[column] for column in kept),
        columns=tuple(table.columns[column] for column in kept),
        notes=(*table.notes, note),
    )


def _find_decimal(rows: Sequence[Row], delimiter: str) -> Literal[".", ","]:
    if delimiter == ",":
        return "."
    fields = [field for _, row in rows for field in row]
    commas = sum(_WITH_COMMA.fullmatch(field) is not None for field in fields)
    return "," if commas and not any(_WITH_POINT.fullmatch(field) for field in fields) else "."

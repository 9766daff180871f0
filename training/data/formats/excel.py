"""Reads Excel's `.xlsx` sheets as the tables that they are: wide or long, with the same flags as text tables.

A workbook of one sheet is read by itself; of several, `--key` names the sheet, unless they are called train and test.
Cells hold what Excel shows last: formulas that were never computed are refused. The `openpyxl` package reads them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from training.data.cases import DatasetError
from training.data.installs import import_reader
from training.data.raw import Partitions
from training.data.room import require_room
from training.data.settings import ArraySettings
from training.data.source import Source
from training.data.tables.reading import read_table
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.tables.text import parse_table

SUFFIXES = (".xlsx", ".xlsm")
Settings = TableSettings

Rows = list[tuple[Any, ...]]


def read(path: Path, settings: Source) -> Partitions:
    """All rows of a sheet as one training partition, or the sheets train and test as both."""
    sheets = _read_sheets(path)
    names = {name.strip().lower(): name for name in sheets}
    if settings.key is None and set(names) == {"train", "test"}:
        train, test = (read_table(*_parse(sheets[names[half]], path, names[half], settings)) for half in names)
        return (train, test) if next(iter(names)) == "train" else (test, train)
    name = _choose_sheet(list(sheets), settings, path)
    raw = read_table(*_parse(sheets[name], path, name, settings))
    others = [other for other in sheets if other != name]
    note = (f"the sheets {', '.join(others)} of {path.name} were not read",) if others else ()
    return replace(raw, notes=(*raw.notes, *note)), None


def open_table(path: Path, settings: Source) -> tuple[Table, TableSettings]:
    """The table of the one sheet that is read, and the settings as they are."""
    sheets = _read_sheets(path)
    name = _choose_sheet(list(sheets), settings, path)
    return _parse(sheets[name], path, name, settings)


def _read_sheets(path: Path) -> dict[str, Rows]:
    """The rows of each sheet that holds anything, without empty ones at the end."""
    openpyxl = import_reader("openpyxl", path)
    try:
        with zipfile.ZipFile(path) as archive:
            require_room(sum(member.file_size for member in archive.infolist()), f"The file {path}")
        shown = _list_rows(openpyxl, path, data_only=True)
        if any(value is None for rows in shown.values() for row in rows for value in row):
            _refuse_uncomputed(shown, _list_rows(openpyxl, path, data_only=False), path)
    except DatasetError:
        raise
    except Exception as error:  # openpyxl raises whatever damaged XML leads to
        raise DatasetError(f"The file {path} could not be read: {error}. Save it anew as .xlsx, or as .csv.") from error
    if not shown:
        raise DatasetError(f"The file {path} holds no sheet with anything in it. Give a table with series in it.")
    return shown


def _list_rows(openpyxl: Any, path: Path, data_only: bool) -> dict[str, Rows]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    try:
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    finally:
        book.close()
    for rows in sheets.values():
        while rows and all(value is None for value in rows[-1]):
            rows.pop()
    return {title: rows for title, rows in sheets.items() if rows}


def _refuse_uncomputed(shown: dict[str, Rows], written: dict[str, Rows], path: Path) -> None:
    for title, rows in written.items():
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                is_formula = isinstance(value, str) and value.startswith("=")
                if is_formula and shown.get(title, [])[number : number + 1] and shown[title][number][column] is None:
                    raise DatasetError(
                        f"The sheet {title!r} of {path}, row {number + 1}, column {column + 1}, holds the formula "
                        f"{value[:40]!r}, whose value was never computed. Open and save it in Excel, or paste values."
                    )


def _choose_sheet(names: Sequence[str], settings: ArraySettings, path: Path) -> str:
    if settings.key is not None and settings.key not in names:
        raise DatasetError(f"The file {path} has no sheet {settings.key!r}; its sheets are {', '.join(names)}.")
    if settings.key is None and len(names) > 1:
        raise DatasetError(f"The file {path} has the sheets {', '.join(names)}. Name one with --key.")
    return settings.key or names[0]


def _parse(rows: Rows, path: Path, sheet: str, settings: TableSettings) -> tuple[Table, TableSettings]:
    decimal = settings.decimal or "."
    text = io.StringIO()
    width = max(map(len, rows))
    csv.writer(text, lineterminator="\n").writerows(
        [_write_cell(value, decimal) for value in (*row, *[None] * (width - len(row)))] for row in rows
    )
    where = f"the sheet {sheet!r} of {path}"
    return parse_table(text.getvalue(), where, replace(settings, delimiter=",", decimal=decimal))


def _write_cell(value: object, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace(".", decimal) if isinstance(value, float) else " ".join(str(value).split())

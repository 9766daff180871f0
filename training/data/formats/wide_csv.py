"""Reads wide `.csv` tables: one univariate series a row, its label and group in columns named so.

A header row is optional. A column `label` (or `class`, `target`, `y`; in any case) holds the label, a column `group`
the group, all others are timepoints in their order; without a label column the series are unlabelled. Labels are
integers when all are plainly written as such, else text.
"""

from __future__ import annotations

import csv
from pathlib import Path

from training.data.cases import DatasetError
from training.data.raw import Partitions, Raw
from training.data.text import is_number, parse_numbers, read_lines

SUFFIXES = (".csv",)
_LABEL = {"label", "class", "target", "y"}
_GROUP = {"group"}

Rows = list[tuple[int, list[str]]]


def read(path: Path, settings: object) -> Partitions:
    """All rows as one training partition; blank lines are skipped."""
    rows = _read_rows(path)
    _refuse_ragged(rows, path)
    names = _find_header(rows[0][1], path) if rows else None
    cases = rows[1:] if names else rows
    label, group = _find_column(names, _LABEL, path), _find_column(names, _GROUP, path)
    times = [column for column in range(len(rows[0][1]) if rows else 0) if column not in (label, group)]
    series = [[parse_numbers([row[column] for column in times], path, line)] for line, row in cases]
    labels = None if label is None else [row[label].strip() for _, row in cases]
    groups = None if group is None else [row[group].strip() for _, row in cases]
    return Raw(series, labels, groups, plain_integers=True), None


def _read_rows(path: Path) -> Rows:
    table = csv.reader(read_lines(path), skipinitialspace=True)
    try:
        return [(table.line_num, row) for row in table if any(field.strip() for field in row)]
    except csv.Error as error:
        raise DatasetError(
            f"The file {path}, line {table.line_num}, is not comma-separated text: {error}. Save it as such."
        ) from error


def _find_header(first: list[str], path: Path) -> list[str] | None:
    """The column names in lower case, or None when the first row is a case."""
    names = [field.strip().lower() for field in first]
    if all(not name or is_number(name) for name in names):
        return None
    if set(names) & (_LABEL | _GROUP) or not any(is_number(name) for name in names):
        _refuse_unnamed(names, path)
        return names
    text = next(name for name in first if not is_number(name))
    raise DatasetError(
        f"The first row of {path} holds numbers as well as text such as {text!r}, so it could be a header or a case. "
        "Write a header row whose names are text, with the label's column named 'label'."
    )


def _refuse_unnamed(names: list[str], path: Path) -> None:
    for column, name in enumerate(names, 1):
        if not name or name.startswith("unnamed:"):
            raise DatasetError(
                f"Column {column} of {path} has no name, so it may be a row number rather than a timepoint. Save the "
                "table without its index, or name the column."
            )


def _find_column(names: list[str] | None, accepted: set[str], path: Path) -> int | None:
    found = [column for column, name in enumerate(names or ()) if name in accepted]
    if len(found) > 1:
        raise DatasetError(
            f"The file {path} has {len(found)} columns with one of the names {', '.join(sorted(accepted))}. "
            "Keep one of them and rename or remove the others."
        )
    return found[0] if found else None


def _refuse_ragged(rows: Rows, path: Path) -> None:
    widths = sorted({len(row) for _, row in rows})
    if len(widths) > 1:
        line = next(line for line, row in rows if len(row) != len(rows[0][1]))
        raise DatasetError(
            f"The rows of {path} are of unequal length: the shortest has {widths[0]} fields, the longest {widths[-1]}, "
            f"and line {line} is the first to differ from the first row. Every series needs the same number of "
            "timepoints: resample, cut or pad them to one length first."
        )

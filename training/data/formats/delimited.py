"""Reads tables of text, `.csv` and others: wide ones, with one series a row, and long ones, with one timepoint a row.

The delimiter, the header and the decimal mark are found, or given; UTF-8 and UTF-16, any line ends, packed as .gz or
.zip. Of a wide table, the columns whose names form a run are timepoints, `label`, `class`, `target` or `y` is the label
and `group` the group; every other column is named by a flag. Labels are integers when all are plainly written as such,
else text.
"""

from __future__ import annotations

from pathlib import Path

from training.data.raw import Partitions
from training.data.tables.reading import read_table
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.tables.text import has_header, parse_table
from training.data.unpack import find_suffix, read_text

SUFFIXES = (".csv", ".tsv", ".txt")
Settings = TableSettings


def recognise(path: Path, head: bytes) -> bool:
    """Whether a file is a table rather than one of the UCR archive's, which have no header."""
    return find_suffix(path) == ".csv" or has_header(head)


def open_table(path: Path, settings: TableSettings) -> tuple[Table, TableSettings]:
    """The table, and the settings with what its text says."""
    return parse_table(read_text(path), f"the file {path}", settings)


def read(path: Path, settings: TableSettings) -> Partitions:
    """All rows as one training partition."""
    return read_table(*open_table(path, settings)), None

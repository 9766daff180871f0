"""Reads the UCR archive's text files: one univariate series a line, its label first.

Fields are separated by tabs, else by commas (the archive's older form), else by any white space. Labels are text, as
written ("1.0" stays "1.0").
"""

from __future__ import annotations

from pathlib import Path

from training.data.cases import DatasetError
from training.data.raw import Partitions, Raw
from training.data.tables.text import has_header
from training.data.text import parse_numbers, read_lines

SUFFIXES = (".tsv", ".txt")


def recognise(path: Path, head: bytes) -> bool:
    """Whether the first line is a case, rather than the header of a table."""
    return not has_header(head)


def read(path: Path, settings: object) -> Partitions:
    """All lines as one training partition; blank lines are skipped."""
    rows = [(line, _split_fields(text, path, line)) for line, text in enumerate(read_lines(path), 1) if text.strip()]
    series = [[parse_numbers(fields[1:], path, line)] for line, fields in rows]
    return Raw(series, [fields[0].strip() for _, fields in rows], label_origin="the first field of each line"), None


def _split_fields(text: str, path: Path, line: int) -> list[str]:
    text = text.rstrip("\r\n")
    fields = text.split("\t") if "\t" in text.strip() else text.split(",") if "," in text else text.split()
    if len(fields) < 2:
        raise DatasetError(
            f"The file {path}, line {line}, holds a single field. Expected a label and then the timepoints, separated "
            "by tabs, commas or spaces."
        )
    return fields

"""Reads tables of `.parquet`, Arrow and Feather files, wide, long, or with a list of values in each row.

Types are kept: whole labels are integers, text is text. A field's metadata may hold its unit, under `unit`.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

from training.data.cases import DatasetError
from training.data.raw import Partitions
from training.data.tables.reading import read_table
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table, from_arrow

SUFFIXES = (".parquet", ".pq", ".feather", ".arrow", ".arrows")
Settings = TableSettings


def read(path: Path, settings: TableSettings) -> Partitions:
    """All rows as one training partition."""
    return read_table(*open_table(path, settings)), None


def open_table(path: Path, settings: TableSettings) -> tuple[Table, TableSettings]:
    """The table, and the settings as they are."""
    try:
        table = _read_arrow(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DatasetError(
            f"The file {path} could not be read: {error}. Save it as Parquet, or as an Arrow or Feather file."
        ) from error
    return from_arrow(table, f"the file {path}"), settings


def _read_arrow(path: Path) -> pa.Table:
    if path.suffix.lower() in (".parquet", ".pq"):
        return pyarrow.parquet.ParquetFile(path).read()
    if path.suffix.lower() == ".arrows":  # a stream, which has no index of its batches at its end
        with pa.OSFile(str(path)) as file, pyarrow.ipc.open_stream(file) as stream:
            return stream.read_all()
    return pyarrow.feather.read_table(path, memory_map=False)

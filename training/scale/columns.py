"""Series as a column of a Parquet file, `[n_channels][n_timepoints]` in each row, written and read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from training.scale.places import Place

Array = NDArray[np.float32]

SERIES, TIMES = "series", "times"
SERIES_TYPE = pa.list_(pa.list_(pa.float32()))

SUMMARY = b"seriesmith"
"""Where a file's own summary stands among its metadata."""

GROUP_BYTES = 8 << 20
"""Of the series that are made, or scored, and written at a time: a group of rows."""

PARQUET: dict[str, Any] = {"compression": "zstd", "compression_level": 3, "use_dictionary": False}
"""Floating-point numbers whose bytes are split, first by first, take a quarter less; `split_bytes` says which."""


def open_writer(file: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a file of few columns besides series."""
    numbers = [_name_leaf(field) for field in schema if pa.types.is_floating(_find_leaf(field.type))]
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    options = {**PARQUET, "use_dictionary": texts or False, "use_byte_stream_split": numbers}
    return pq.ParquetWriter(file, schema, write_statistics=False, **options)


def _find_leaf(kind: pa.DataType) -> pa.DataType:
    return _find_leaf(kind.value_type) if pa.types.is_list(kind) else kind


def _name_leaf(field: pa.Field) -> str:
    name, kind = field.name, field.type
    while pa.types.is_list(kind):
        name, kind = f"{name}.list.element", kind.value_type
    return str(name)


def build_lists(rows: Array) -> pa.Array:
    """A list in each row of `[n, width]`."""
    n, width = rows.shape
    return pa.ListArray.from_arrays(_place_ends(n, width), pa.array(rows.ravel()))


def build_series(series: Array, lengths: Sequence[int] | NDArray[np.int64] | None = None) -> pa.Array:
    """A column of series `[n, n_channels, n_timepoints]`, or of the first `lengths` `[n]` timepoints of each."""
    n, n_channels, n_timepoints = series.shape
    ends, values = _place_ends(n * n_channels, n_timepoints), series.ravel()
    if lengths is not None:
        every = np.repeat(np.asarray(lengths, np.int64), n_channels)
        ends = pa.array(np.concatenate([[0], np.cumsum(every)]).astype(np.int32))
        values = series.reshape(-1, n_timepoints)[np.arange(n_timepoints) < every[:, None]]
    channels = pa.ListArray.from_arrays(ends, pa.array(values))
    return pa.ListArray.from_arrays(_place_ends(n, n_channels), channels)


def _place_ends(n: int, width: int) -> pa.Array:
    return pa.array(np.arange(n + 1, dtype=np.int32) * np.int32(width))


def write_summary(writer: pq.ParquetWriter, summary: dict[str, Any]) -> None:
    """Write a summary into the file's metadata, which is the last that is written of it."""
    writer.add_key_value_metadata({SUMMARY: json.dumps(summary, sort_keys=True).encode()})


def read_summary(place: Place, name: str) -> dict[str, Any] | None:
    """The summary of a file; None where there is no such file, or no whole one."""
    try:
        with place.open(name) as file:
            metadata = pq.ParquetFile(file).metadata.metadata or {}
        summary: dict[str, Any] = json.loads(metadata[SUMMARY])
    except (FileNotFoundError, pa.ArrowException, ValueError, KeyError):
        return None
    return summary

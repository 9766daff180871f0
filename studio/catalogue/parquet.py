"""Cases in a Parquet file: a row each, in groups of rows that are read one by one.

Columns: `series` (a list of channels, each a list of float32), `label` (int64 or text), `group`, `part`, `synthetic`,
`sample_weight`, and `times` where series are sampled irregularly. Channels are described in the file's metadata, under
`seriesmith`, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from studio.catalogue.cases import Part, StoredCases, pad

GROUP_BYTES = 8 * 2**20
"""Of series in a group of rows, about."""

MOST_ROWS = 4096
"""Of a group."""

DESCRIPTION = b"seriesmith"
ABOUT = ("label", "group", "part", "synthetic", "sample_weight")
"""The columns beside series and times."""


def write_parquet(cases: StoredCases, file: str | IO[bytes]) -> None:
    """Write cases to a path, or to an open file."""
    about = {
        "channel_names": cases.channel_names,
        "units": cases.units,
        "sampling_interval": cases.sampling_interval,
        "n_channels": cases.series.shape[1],
    }
    schema = _build_schema(cases).with_metadata({DESCRIPTION: json.dumps(about).encode()})
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start, stop in _plan_groups(cases):
            index = np.arange(start, stop)
            writer.write_table(_build_table(cases.select(index), schema))


def _plan_groups(cases: StoredCases) -> Iterator[tuple[int, int]]:
    """First row, and the one behind the last, of each group."""
    sizes = np.cumsum(4 * cases.series.shape[1] * cases.lengths)
    start = 0
    while start < len(cases):
        before = int(sizes[start - 1]) if start else 0
        stop = int(np.searchsorted(sizes, before + GROUP_BYTES, side="right"))
        stop = min(max(stop, start + 1), start + MOST_ROWS)
        yield start, stop
        start = stop


def _build_schema(cases: StoredCases) -> pa.Schema:
    is_text = cases.labels is None or any(isinstance(label, str) for label in cases.labels)
    fields = [
        pa.field("series", pa.list_(pa.list_(pa.float32()))),
        pa.field("label", pa.string() if is_text else pa.int64()),
        pa.field("group", pa.string()),
        pa.field("part", pa.string()),
        pa.field("synthetic", pa.bool_()),
        pa.field("sample_weight", pa.float32()),
    ]
    if cases.times is not None:
        fields.append(pa.field("times", pa.list_(pa.float64())))
    return pa.schema(fields)


def _build_table(cases: StoredCases, schema: pa.Schema) -> pa.Table:
    n_cases, n_channels, _ = cases.series.shape
    flat = cases.series[np.broadcast_to(cases.counted, cases.series.shape)]
    inner = np.concatenate([[0], np.cumsum(np.repeat(cases.lengths, n_channels))])
    outer = np.arange(0, n_cases * n_channels + 1, n_channels)
    columns: dict[str, Any] = {
        "series": pa.ListArray.from_arrays(pa.array(outer, pa.int32()), _nest(inner, pa.array(flat))),
        "label": pa.array(cases.labels or [None] * n_cases, schema.field("label").type),
        "group": pa.array(cases.groups or [None] * n_cases, pa.string()),
        "part": pa.array(cases.parts.tolist(), pa.string()),
        "synthetic": pa.array(cases.is_synthetic),
        "sample_weight": pa.array(cases.weights),
    }
    if cases.times is not None:
        own = cases.times[cases.counted[:, 0]]
        columns["times"] = _nest(np.concatenate([[0], np.cumsum(cases.lengths)]), pa.array(own))
    return pa.table(columns, schema)


def _nest(offsets: NDArray[np.int64], values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def read_about(file: str | IO[bytes]) -> tuple[pa.Table, dict[str, Any]]:
    """All columns but series and times, and the description of the channels."""
    with pq.ParquetFile(file) as parquet:
        described: dict[str, Any] = json.loads(parquet.schema_arrow.metadata[DESCRIPTION])
        return parquet.read(list(ABOUT)), described


def read_parquet(file: str | IO[bytes], part: Part | None = None, rows: NDArray[np.intp] | None = None) -> StoredCases:
    """Cases of a file: those of a partition, or the `rows` (ascending); only groups that hold some are read."""
    with pq.ParquetFile(file) as parquet:
        schema = parquet.schema_arrow
        described = json.loads(schema.metadata[DESCRIPTION])
        tables, first = [], 0
        for group in range(parquet.num_row_groups):
            n_rows = parquet.metadata.row_group(group).num_rows
            if (wanted := _choose_rows(parquet, group, first, n_rows, part, rows)) is not None:
                table = parquet.read_row_group(group)
                tables.append(table if len(wanted) == n_rows else table.take(pa.array(wanted)))
            first += n_rows
        table = pa.concat_tables(tables) if tables else schema.empty_table()
    return _read_table(table.combine_chunks(), described)


def _choose_rows(
    parquet: pq.ParquetFile, group: int, first: int, n_rows: int, part: Part | None, rows: NDArray[np.intp] | None
) -> NDArray[np.intp] | None:
    """Those of a group that are asked for, counted from its first; None where none is."""
    if rows is not None:
        wanted = rows[(rows >= first) & (rows < first + n_rows)] - first
    elif part is not None:
        parts = parquet.read_row_group(group, ["part"]).column("part").to_numpy()
        wanted = np.flatnonzero(parts == part)
    else:
        wanted = np.arange(n_rows)
    return wanted if len(wanted) else None


def _read_table(table: pa.Table, described: dict[str, Any]) -> StoredCases:
    arrays = [_to_array(chunk, described["n_channels"]) for chunk in _list_cells(table.column("series"))]
    labels = table.column("label").to_pylist()
    groups = table.column("group").to_pylist()
    times = None
    if "times" in table.column_names:
        own = [np.asarray(cell.values) for cell in table.column("times")]
        times = pad(own, np.float64) if own else np.empty((0, 0))
    names, units = described["channel_names"], described["units"]
    return StoredCases(
        pad(arrays) if arrays else np.empty((0, described["n_channels"], 0), np.float32),
        np.array([array.shape[1] for array in arrays], np.int64),
        None if None in labels or (not labels and table.schema.field("label").type == pa.string()) else tuple(labels),
        tuple(groups) if any(group is not None for group in groups) else None,
        np.array(table.column("part").to_pylist(), np.str_),
        np.array(table.column("synthetic").to_pylist(), np.bool_),
        np.array(table.column("sample_weight").to_pylist(), np.float32),
        None if names is None else tuple(names),
        None if units is None else tuple(units),
        described["sampling_interval"],
        times,
    )


def _list_cells(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    for chunk in column.chunks:
        for row in range(len(chunk)):
            yield chunk[row].values


def _to_array(channels: pa.Array, n_channels: int) -> NDArray[np.float32]:
    """`[n_channels, length]` of a list of channels, all of one length."""
    flat = np.asarray(channels.flatten(), np.float32)
    return flat.reshape(n_channels, -1)

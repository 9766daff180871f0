"""Writes tables: CSV, TSV, Parquet and Arrow, wide (a series a row) or long (a timepoint a row).

A wide table has the columns `label` and `group`, where there are any, and t0, t1, …, or with several channels a_0, a_1,
…, b_0, b_1, …. A long one has `id` (the case, from 0), `time` and a column for each channel, then `label` and `group`.
A missing value is empty in text, and null elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet

from training.data.raw import Raw
from training.data.writing.arrays import is_regular, list_arrays, list_values, name_channels, note_lost

LOST = ("units", "sampling_interval")


def write(path: Path, cases: Raw) -> tuple[str, ...]:
    """A wide table; a long one where the series differ in length, have times of their own, or a label for each
    timepoint."""
    if cases.timepoint_labels is not None or not is_regular(cases):
        why = "times of their own" if cases.times is not None else "different lengths"
        why = why if cases.timepoint_labels is None else "a label for each timepoint"
        return f"the table is long, a row for each timepoint, as the series have {why}", *write_long(path, cases)
    arrays = list_arrays(cases)
    channels, n_timepoints = name_channels(cases, "t"), arrays[0].shape[1] if arrays else 0
    mark = "" if channels == ["t"] else "_"
    columns = _build_columns(cases, np.arange(len(arrays)))
    for channel, name in enumerate(channels):
        values = np.stack([array[channel] for array in arrays])
        columns |= {f"{name}{mark}{time}": _to_column(values[:, time]) for time in range(n_timepoints)}
    return _write_table(path, columns, cases)


def write_long(path: Path, cases: Raw) -> tuple[str, ...]:
    """A row for each timepoint, also for those without a value."""
    arrays = list_arrays(cases)
    lengths = [array.shape[1] for array in arrays]
    case_of_row = np.repeat(np.arange(len(arrays)), lengths)
    times = [np.arange(length) for length in lengths] if cases.times is None else list(cases.times)
    columns = {"id": pa.array(case_of_row), "time": pa.array(np.concatenate(times))}
    for channel, name in enumerate(name_channels(cases, "value")):
        columns[name] = _to_column(np.concatenate([array[channel] for array in arrays]))
    columns |= _build_columns(cases, case_of_row)
    if cases.timepoint_labels is not None:
        columns["label"] = pa.array(list_values([label for own in cases.timepoint_labels for label in own]))
    return _write_table(path, columns, cases)


def _build_columns(cases: Raw, case_of_row: np.ndarray) -> dict[str, pa.Array]:
    """Label and group of each row."""
    found = {"label": cases.labels, "group": cases.groups}
    columns = {name: list_values(values) for name, values in found.items() if values is not None}
    return {name: pa.array(values).take(pa.array(case_of_row)) for name, values in columns.items()}


def _to_column(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)  # NaN is null


def _write_table(path: Path, columns: dict[str, pa.Array], cases: Raw) -> tuple[str, ...]:
    WRITERS[path.suffix.lower()](pa.table(columns), path)
    return note_lost(cases, *LOST)


def _write_text(delimiter: str) -> Callable[[pa.Table, Path], None]:
    def write_text(table: pa.Table, path: Path) -> None:
        pa_csv.write_csv(table, path, pa_csv.WriteOptions(delimiter=delimiter, quoting_style="needed"))

    return write_text


def _write_arrow(table: pa.Table, path: Path) -> None:
    pa_feather.write_feather(table, path, compression="uncompressed")


WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".csv": _write_text(","),
    ".tsv": _write_text("\t"),
    ".parquet": pa_parquet.write_table,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
}
SUFFIXES = tuple(WRITERS)

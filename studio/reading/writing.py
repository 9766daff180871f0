"""Writes a dataset to a file of any format that is written; in tables, columns say which series are synthetic and what
they weigh. A dataset with a test set becomes a .zip of two files, which reads as that dataset again."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from numpy.typing import NDArray

from studio.catalogue.cases import StoredCases
from studio.catalogue.parquet import read_parquet
from studio.reading.checking import to_raw
from training.data.writing import write_cases

Columns = dict[str, NDArray[Any]]


def write_file(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Write the cases of `request["path"]`; the answer has the file's name, which lies in the folder, and notes."""
    cases = read_parquet(request["path"], request["part"])
    os.chdir(folder)  # so that sentences hold no folders of the server's
    stem, suffix = request["stem"], request["suffix"]
    if not (cases.parts == "test").any() or request["part"] is not None:
        path = Path(f"{stem}{suffix}")
        return {"file": path.name, "notes": _write(path, cases, request["long"])}
    notes: dict[str, None] = {}
    packed = Path(f"{stem}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in ("train", "test"):
            path = Path(f"{stem}_{part.upper()}{suffix}")
            notes |= dict.fromkeys(_write(path, cases.select(cases.parts == part), request["long"]))
            archive.write(path, path.name)
            path.unlink()
    return {"file": packed.name, "notes": list(notes)}


def _write(path: Path, cases: StoredCases, long: bool) -> list[str]:
    notes = write_cases(path, to_raw(cases), long=long)
    if cases.are_marked:
        mark = MARKERS.get(path.suffix)
        if mark is None:
            return [*notes, "not written, as the format has no place for it: which series are synthetic, and weights"]
        mark(path, {"synthetic": cases.is_synthetic.astype(np.int64), "sample_weight": cases.weights}, cases.lengths)
    return list(notes)


def _repeat(columns: Columns, n_rows: int, lengths: NDArray[np.int64]) -> Columns:
    """A value a row: of a table with a row for each timepoint, each series' as often as it has timepoints."""
    if n_rows == len(lengths):
        return columns
    return {name: np.repeat(values, lengths) for name, values in columns.items()}


def _mark_text(path: Path, columns: Columns, lengths: NDArray[np.int64]) -> None:
    """Append fields to each line; labels hold no line ends, as they are printable."""
    delimiter = "\t" if path.suffix == ".tsv" else ","
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    marked = _repeat(columns, len(lines) - 1, lengths)
    fields = [[name, *(f"{value:g}" for value in values)] for name, values in marked.items()]
    with path.open("w", encoding="utf-8") as file:
        for line, *more in zip(lines, *fields, strict=True):
            file.write(delimiter.join([line, *more]) + "\n")


def _mark_arrow(path: Path, columns: Columns, lengths: NDArray[np.int64]) -> None:
    is_parquet = path.suffix == ".parquet"
    table = pq.read_table(path) if is_parquet else pyarrow.feather.read_table(path, memory_map=False)
    for name, values in _repeat(columns, table.num_rows, lengths).items():
        table = table.append_column(name, pa.array(values))
    if is_parquet:
        pq.write_table(table, path)
    else:
        pyarrow.feather.write_feather(table, path, compression="uncompressed")


def _mark_json(path: Path, columns: Columns, lengths: NDArray[np.int64]) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    with path.open("w", encoding="utf-8") as file:
        for case, line in enumerate(lines):
            own = {name: values[case].item() for name, values in columns.items()}
            file.write(f"{line[:-1]}, {json.dumps(own)[1:]}\n")


def _mark_arrays(path: Path, columns: Columns, lengths: NDArray[np.int64]) -> None:
    with np.load(path) as arrays:
        whole: dict[str, Any] = {**arrays, **columns}
    np.savez(path, **whole)


MARKERS: dict[str, Callable[[Path, Columns, NDArray[np.int64]], None]] = {
    ".csv": _mark_text,
    ".tsv": _mark_text,
    ".parquet": _mark_arrow,
    ".arrow": _mark_arrow,
    ".feather": _mark_arrow,
    ".jsonl": _mark_json,
    ".ndjson": _mark_json,
    ".npz": _mark_arrays,
}

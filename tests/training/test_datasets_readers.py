"""Every reader and generator, found as the package finds them, keeps the same contract."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
import scipy.io
from numpy.typing import NDArray

from training.data import DatasetError, load
from training.data.discover import find_readers, list_generators

N_CASES, N_TIMEPOINTS = 6, 10
SERIES = np.random.default_rng(0).normal(5.0, 2.0, (N_CASES, 1, N_TIMEPOINTS)).astype(np.float32)
LABELS = ["2", "1", "2", "1", "1", "2"]


def _write_rows(series: NDArray[np.float32], separator: str) -> list[str]:
    return [separator.join(repr(float(value)) for value in case[0]) for case in series]


def _write_tsv(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    path.write_text("".join(f"{label}\t{row}\n" for label, row in zip(labels, _write_rows(series, "\t"), strict=True)))


def _write_ts(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    header = f"# a comment\n@problemName any\n@timeStamps false\n@classLabel true {' '.join(sorted(set(labels)))}\n"
    cases = "".join(f"{row}:{label}\n" for label, row in zip(labels, _write_rows(series, ","), strict=True))
    path.write_text(header + "@data\n" + cases)


def _write_npz(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    np.savez(path, X=series, y=np.array(labels))


def _write_csv(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    names = ",".join(f"t{timepoint}" for timepoint in range(series.shape[2]))
    cases = "".join(f"{label},{row}\n" for label, row in zip(labels, _write_rows(series, ","), strict=True))
    path.write_text(f"Label,{names}\n{cases}")


def _write_arrow(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    columns = {f"t{timepoint}": series[:, 0, timepoint] for timepoint in range(series.shape[2])}
    table = pa.table({"label": labels, **columns})
    if path.suffix in (".parquet", ".pq"):
        pyarrow.parquet.write_table(table, path)
    elif path.suffix == ".arrows":
        with pa.ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table)
    else:
        pyarrow.feather.write_feather(table, path)


def _write_arff(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    header = [f"@attribute t{timepoint} numeric\n" for timepoint in range(series.shape[2])]
    cases = [f"{row},{label}\n" for label, row in zip(labels, _write_rows(series, ","), strict=True)]
    path.write_text("".join(["@relation any\n", *header, "@attribute label {1,2}\n@data\n", *cases]))


def _write_excel(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["label", *[f"t{timepoint}" for timepoint in range(series.shape[2])]])
    for label, case in zip(labels, series, strict=True):
        book.active.append([label, *[None if np.isnan(value) else float(value) for value in case[0]]])
    book.save(path)


def _write_npy(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    np.save(path, series)
    np.save(path.with_stem(path.stem.replace("Any", "y").replace("any", "y")), labels)


def _write_hdf5(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    with h5py.File(path, "w") as file:
        file["X"], file["y"] = series, labels


def _write_mat(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    scipy.io.savemat(path, {"X": series, "y": np.array(labels, dtype=object)})


def _write_json(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    cases = [[[None if np.isnan(value) else float(value) for value in row] for row in case] for case in series]
    if path.suffix == ".json":
        path.write_text(json.dumps({"series": cases, "labels": labels}))
    else:
        lines = [{"series": case, "label": label} for case, label in zip(cases, labels, strict=True)]
        path.write_text("\n".join(map(json.dumps, lines)))


WRITERS = {
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _write_json),
    **dict.fromkeys((".parquet", ".pq", ".feather", ".arrow", ".arrows"), _write_arrow),
    ".arff": _write_arff,
    ".csv": _write_csv,
    ".h5": _write_hdf5,
    ".hdf5": _write_hdf5,
    ".he5": _write_hdf5,
    ".mat": _write_mat,
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".ts": _write_ts,
    ".tsv": _write_tsv,
    ".txt": _write_tsv,
    ".xlsm": _write_excel,
    ".xlsx": _write_excel,
}
RECORDINGS = {".bdf", ".edf", ".hea"}
"""One series a file: test_formats_of_signals.py has these."""

every_suffix = pytest.mark.parametrize("suffix", sorted(set(find_readers()) - RECORDINGS))


def _to_text(labels: object) -> list[str]:
    assert isinstance(labels, tuple)
    return [str(label) for label in labels]


@every_suffix
def test_every_reader_gives_back_what_was_written(suffix: str, tmp_path: Path) -> None:
    assert suffix in WRITERS, f"add a writer of {suffix} files to this test"
    WRITERS[suffix](tmp_path / f"any{suffix}", SERIES, LABELS)
    dataset = load(data=tmp_path / f"any{suffix}")
    np.testing.assert_array_equal(dataset.train.series, SERIES)
    assert _to_text(dataset.train.labels) == LABELS
    assert dataset.train.series.dtype == np.float32 and dataset.train.series.flags.c_contiguous
    assert (dataset.name, dataset.test, dataset.train.groups) == ("any", None, None)


@every_suffix
def test_every_reader_reads_the_two_files_of_a_folder_as_a_split(suffix: str, tmp_path: Path) -> None:
    WRITERS[suffix](tmp_path / f"Any_TRAIN{suffix}", SERIES, LABELS)
    WRITERS[suffix](tmp_path / f"Any_TEST{suffix}", SERIES[:2] + 1, LABELS[:2])
    dataset = load(data=tmp_path)
    assert dataset.name == "Any" and dataset.test is not None
    np.testing.assert_array_equal(dataset.train.series, SERIES)
    np.testing.assert_array_equal(dataset.test.series, SERIES[:2] + 1)
    assert _to_text(dataset.test.labels) == LABELS[:2]


@every_suffix
def test_every_reader_lets_missing_values_be_filled(suffix: str, tmp_path: Path) -> None:
    series = SERIES.copy()
    series[2, 0, 4] = np.nan
    WRITERS[suffix](tmp_path / f"any{suffix}", series, LABELS)
    dataset = load(data=tmp_path / f"any{suffix}")
    expected = SERIES.copy()
    expected[2, 0, 4] = (expected[2, 0, 3] + expected[2, 0, 5]) / 2
    np.testing.assert_allclose(dataset.train.series, expected, rtol=1e-5)
    assert (
        dataset.shape.gap_policy == "interpolate"
        and "1 missing values in 1 of 6 cases" in dataset.description.notes[-1]
    )


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00 not a dataset", b"just words\nand more words\n"])
@every_suffix
def test_every_reader_refuses_what_is_not_its_format(suffix: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"any{suffix}").write_bytes(content)
    with pytest.raises(DatasetError):
        load(data=tmp_path / f"any{suffix}")


@pytest.mark.parametrize("name", list_generators())
def test_every_generator_makes_the_same_labelled_split_twice(name: str) -> None:
    first, second = load(name), load(name)
    assert first.sha256 == second.sha256 and first.name == name
    assert first.train.labels is not None and first.test is not None
    assert not np.array_equal(first.train.series, first.test.series)

"""Files and folders load whatever their layout, and equal data has an equal hash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data import DatasetError, load

N_CASES, N_TIMEPOINTS = 6, 10
SERIES = np.random.default_rng(0).normal(5.0, 2.0, (N_CASES, 1, N_TIMEPOINTS)).astype(np.float32)
LABELS = ["2", "1", "2", "1", "1", "2"]


def _write_rows(series: NDArray[np.float32], separator: str) -> list[str]:
    return [separator.join(repr(float(value)) for value in case[0]) for case in series]


def _write_tsv(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    path.write_text("".join(f"{label}\t{row}\n" for label, row in zip(labels, _write_rows(series, "\t"), strict=True)))


def _write_csv(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    names = ",".join(f"t{timepoint}" for timepoint in range(series.shape[2]))
    cases = "".join(f"{label},{row}\n" for label, row in zip(labels, _write_rows(series, ","), strict=True))
    path.write_text(f"Label,{names}\n{cases}")


def _write_npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "some.npz", **arrays)  # type: ignore[arg-type]
    return folder / "some.npz"


def _write_file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    "layout",
    ["n_cases,n_channels,n_timepoints", "n_cases,n_timepoints,n_channels", "n_timepoints, n_channels, n_cases"],
)
def test_an_array_in_any_layout_gives_the_same_dataset(layout: str, tmp_path: Path) -> None:
    series = np.random.default_rng(1).normal(size=(5, 2, 9)).astype(np.float32)
    axes = [["n_cases", "n_channels", "n_timepoints"].index(word.strip()) for word in layout.split(",")]
    loaded = load(data=_write_npz(tmp_path, other=series.transpose(axes)), layout=layout, key="other")
    np.testing.assert_array_equal(loaded.train.series, series)
    assert loaded.train.series.flags.c_contiguous


def test_a_two_dimensional_array_has_one_channel(tmp_path: Path) -> None:
    path = _write_npz(tmp_path, X=SERIES[:, 0])
    for layout in ("n_cases,n_channels,n_timepoints", "n_cases,n_timepoints"):
        np.testing.assert_array_equal(load(data=path, layout=layout).train.series, SERIES)
    path = _write_npz(tmp_path, X=SERIES[:, 0].T)
    np.testing.assert_array_equal(load(data=path, layout="n_timepoints,n_cases").train.series, SERIES)


def test_an_npz_may_hold_its_own_split(tmp_path: Path) -> None:
    labels = np.array(LABELS)
    path = _write_npz(tmp_path, X_train=SERIES, y_train=labels, X_test=SERIES[:3], y_test=labels[:3])
    for key in (None, "X", "X_train"):
        dataset = load("given", path, key=key)
        assert dataset.name == "given" and dataset.test is not None and dataset.test.labels == ("2", "1", "2")


def test_a_ts_file_may_have_several_channels(tmp_path: Path) -> None:
    row = ",".join(["1"] * 8) + ":" + ",".join(["2.5"] * 8)
    dataset = load(data=_write_file(tmp_path, "some.ts", "@univariate false\n@data\n" + f"{row}:Walking\n" * 4))
    assert dataset.train.series.shape == (4, 2, 8) and dataset.train.labels == ("Walking",) * 4
    np.testing.assert_array_equal(dataset.train.series[0], [[1.0] * 8, [2.5] * 8])


def test_white_space_separates_where_there_are_no_tabs(tmp_path: Path) -> None:
    dataset = load(data=_write_file(tmp_path, "some.txt", "   1.0000e+00  1 2 3 4 5 6 7   8e0\n" * 4))
    assert dataset.train.labels == ("1.0000e+00",) * 4
    np.testing.assert_array_equal(dataset.train.series[0, 0], np.arange(1, 9))


def test_a_folder_is_searched_by_the_datasets_name(tmp_path: Path) -> None:
    for name, shift in (("A", 1), ("B", 2), ("C", 3)):
        folder = tmp_path / "C" if name == "C" else tmp_path
        folder.mkdir(exist_ok=True)
        _write_tsv(folder / f"{name}_TRAIN.tsv", SERIES + shift, LABELS)
        _write_tsv(folder / f"{name}_TEST.tsv", SERIES - shift, LABELS)
    for name, shift in (("A", 1), ("B", 2), ("C", 3)):
        dataset = load(name, tmp_path)
        assert dataset.name == name and dataset.test is not None
        np.testing.assert_array_equal(dataset.train.series, SERIES + shift)
        np.testing.assert_array_equal(dataset.test.series, SERIES - shift)
    with pytest.raises(DatasetError, match="2 files that could be.*A_TRAIN.tsv, B_TRAIN.tsv"):
        load(data=tmp_path)


def test_the_name_comes_from_the_file_or_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pumps"
    folder.mkdir()
    _write_file(folder, "README.txt", "What lies here.")
    _write_csv(folder / "Train.csv", SERIES, LABELS)
    assert load(data=folder).name == load(data=folder / "Train.csv").name == "pumps"
    (folder / "Train.csv").rename(folder / "valves_TRAIN.csv")
    assert load(data=folder).name == load(data=folder / "valves_TRAIN.csv").name == "valves"
    (folder / "valves_TRAIN.csv").rename(folder / "fans.csv")
    assert load(data=folder).name == "fans"


def test_the_hash_follows_the_data_and_nothing_else(tmp_path: Path) -> None:
    labels = np.array(LABELS)
    base = load(data=_write_npz(tmp_path, X=SERIES, y=labels)).sha256
    assert load("renamed", _write_npz(tmp_path, X=SERIES.astype(np.float64), y=labels)).sha256 == base
    changed = [
        {"X": SERIES + 1, "y": labels},
        {"X": SERIES, "y": labels[::-1]},
        {"X": SERIES, "y": labels.astype(int)},
        {"X": SERIES},
        {"X": SERIES, "y": labels, "groups": labels},
        {"X_train": SERIES, "y_train": labels, "X_test": SERIES, "y_test": labels},
    ]
    assert len({base, *(load(data=_write_npz(tmp_path, **arrays)).sha256 for arrays in changed)}) == 1 + len(changed)

"""A folder of tables is one dataset, and no file in it or beside a dataset is passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.real_data import REAL, needs_real_data
from training.data import DatasetError, load

N_FILES, N_TIMEPOINTS = 12, 10
SERIES = np.random.default_rng(5).normal(size=(N_FILES, 2, N_TIMEPOINTS)).round(4)


def write_series(path: Path, number: int, **columns: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"flow": SERIES[number, 0], "level": SERIES[number, 1], **columns})
    frame.to_csv(path, index=False)


def test_label_and_group_are_columns_of_the_files(tmp_path: Path) -> None:
    for number in range(N_FILES):
        write_series(tmp_path / f"{number:02d}.csv", number, patient=number // 3, sick=int(number % 6 == 0))
    with pytest.raises(
        DatasetError, match="2 columns that nobody named.*'patient'.*'sick'.*perhaps --group patient --label sick\\?"
    ):
        load(data=tmp_path)
    loaded = load(data=tmp_path, label="sick", group="patient")
    np.testing.assert_allclose(loaded.train.series, SERIES, rtol=1e-6)
    assert loaded.train.labels == (1, 0, 0, 0, 0, 0) * 2 and loaded.train.groups == tuple("000111222333")
    assert "from 12 files of" in loaded.description.read and loaded.description.channel_names == ("flow", "level")


def test_the_sub_folder_is_a_label_where_that_is_said(tmp_path: Path) -> None:
    for number in range(N_FILES):
        write_series(tmp_path / ("sick", "well")[number % 2] / f"{number:02d}.csv", number)
    with pytest.raises(DatasetError, match="'folder', which holds sick, well.*--label folder"):
        load(data=tmp_path)
    loaded = load(data=tmp_path, label="folder")
    np.testing.assert_allclose(loaded.train.series, np.concatenate([SERIES[::2], SERIES[1::2]]), rtol=1e-6)
    assert loaded.train.labels == ("sick",) * 6 + ("well",) * 6


def test_sub_folders_train_and_test_are_a_split(tmp_path: Path) -> None:
    for number in range(N_FILES):
        write_series(tmp_path / ("train", "test")[number % 2] / "ab"[number // 2 % 2] / f"{number:02d}.csv", number)
    loaded = load(data=tmp_path, label="folder")
    assert loaded.train.labels == loaded.test.labels == ("a",) * 3 + ("b",) * 3  # type: ignore[union-attr]


def test_a_table_of_names_says_what_each_file_is(tmp_path: Path) -> None:
    for number in range(N_FILES):
        write_series(tmp_path / f"{number}.csv", number)
    names = pd.DataFrame(
        {"file": [f"{number}.csv" for number in range(N_FILES)], "activity": ["walk", "run"] * 6, "age": 40}
    )
    names.to_csv(tmp_path / "names.csv", index=False)
    with pytest.raises(DatasetError, match="names.csv has the columns file, activity, age.*--names"):
        load(data=tmp_path)
    loaded = load(data=tmp_path, names=tmp_path / "names.csv", label="activity")
    order = [int(path.stem) for path in sorted(tmp_path.glob("[0-9]*.csv"))]
    assert loaded.train.labels == tuple(("walk", "run")[number % 2] for number in order)
    assert "not used: age" in loaded.description.notes[0]
    names[1:].to_csv(tmp_path / "names.csv", index=False)
    with pytest.raises(DatasetError, match="no row for the file 0.csv"):
        load(data=tmp_path, names=tmp_path / "names.csv", label="activity")


def test_a_wrong_value_is_named_by_its_file_and_line(tmp_path: Path) -> None:
    for number in range(N_FILES):
        write_series(tmp_path / f"{number}.csv", number)
    (tmp_path / "7.csv").write_text("flow,level\n1,2\n3,four\n")
    with pytest.raises(DatasetError, match="line 3 of 7.csv, has 'four'"):
        load(data=tmp_path)


def write_split(folder: Path, *stems: str) -> None:
    for stem in stems:
        rows = ["\t".join([str(1 + case % 2), *map(str, SERIES[case, 0])]) for case in range(N_FILES)]
        (folder / f"{stem}.tsv").write_text("\n".join(rows))


def test_the_test_file_beside_a_training_file_is_used(tmp_path: Path) -> None:
    write_split(tmp_path, "Some_TRAIN", "Some_TEST", "Other_TEST")
    loaded = load(data=tmp_path / "Some_TRAIN.tsv")
    assert loaded.test is not None and "from Some_TRAIN.tsv and Some_TEST.tsv" in loaded.description.read


@pytest.mark.parametrize("name", ["Some_VAL.tsv", "Some_validation.csv"])
def test_a_third_partition_is_refused_by_name(name: str, tmp_path: Path) -> None:
    write_split(tmp_path, "Some_TRAIN", "Some_TEST")
    (tmp_path / name).write_text("1\t2\n")
    with pytest.raises(DatasetError, match=f"{name} lies beside Some_TRAIN.tsv.*another part"):
        load(data=tmp_path / "Some_TRAIN.tsv")


@pytest.mark.parametrize(
    ("data", "labels"), [("x_train.csv", "y_train.csv"), ("runs.csv", "runs_labels.txt"), ("data.csv", "labels.csv")]
)
def test_labels_in_a_file_of_their_own_are_used_or_named(data: str, labels: str, tmp_path: Path) -> None:
    (tmp_path / data).write_text("\n".join(",".join(map(str, case[0])) for case in SERIES))
    (tmp_path / labels).write_text("\n".join("ab"[case % 2] for case in range(N_FILES)))
    with pytest.raises(DatasetError, match=f"{labels} lies beside {data} and looks like its labels.*--label {labels}"):
        load(data=tmp_path / data)
    loaded = load(data=tmp_path / data, label=labels)
    assert loaded.train.labels == ("a", "b") * 6 and f"label from the file {labels}" in loaded.description.read
    assert load(data=tmp_path / data, label="none").train.labels is None
    (tmp_path / labels).write_text("a\nb\n")
    with pytest.raises(DatasetError, match="2 lines for 12 series"):
        load(data=tmp_path / data, label=labels)


@needs_real_data
def test_real_labels_apart_from_their_series() -> None:
    path = REAL / "labels-apart/ECG5000_TRAIN.csv"
    with pytest.raises(DatasetError, match="--label ECG5000_TRAIN_labels.csv"):
        load(data=path)
    assert set(load(data=path, label="ECG5000_TRAIN_labels.csv").train.labels or ()) == {1, 2, 3, 4, 5}
    har = load(data=REAL / "har-test/body_acc_x_test.txt", label="y_test.txt")
    assert har.train.series.shape == (950, 1, 128) and set(har.train.labels or ()) == set(range(1, 7))

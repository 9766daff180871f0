"""Labels keep the type they were written in; groups are text."""

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


def _write_ts(path: Path, series: NDArray[np.float32], labels: list[str]) -> None:
    header = f"# a comment\n@problemName any\n@timeStamps false\n@classLabel true {' '.join(sorted(set(labels)))}\n"
    cases = "".join(f"{row}:{label}\n" for label, row in zip(labels, _write_rows(series, ","), strict=True))
    path.write_text(header + "@data\n" + cases)


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


@pytest.mark.parametrize("written", ["1.0", "01", "Standing", "-1", "1e0"])
def test_labels_of_tsv_and_ts_stay_as_written(written: str, tmp_path: Path) -> None:
    labels = [written if label == "1" else label for label in LABELS]
    _write_tsv(tmp_path / "any.tsv", SERIES, labels)
    _write_ts(tmp_path / "any.ts", SERIES, labels)
    assert load(data=tmp_path / "any.tsv").train.labels == tuple(labels)
    assert load(data=tmp_path / "any.ts").train.labels == tuple(labels)


def test_npz_labels_keep_their_type_and_whole_floats_become_integers(tmp_path: Path) -> None:
    for labels in (np.array([3, 4] * 3), np.array([3.0, 4.0] * 3)):
        loaded = load(data=_write_npz(tmp_path, X=SERIES, y=labels)).train.labels
        assert loaded == (3, 4) * 3 and all(type(label) is int for label in loaded)
    assert load(data=_write_npz(tmp_path, X=SERIES, y=np.array(["3", "b"] * 3))).train.labels == ("3", "b") * 3


def test_csv_labels_are_integers_only_where_all_of_both_partitions_are(tmp_path: Path) -> None:
    _write_csv(tmp_path / "train.csv", SERIES, ["1", "2"] * 3)
    _write_csv(tmp_path / "test.csv", SERIES, ["1"] * 6)
    assert load(data=tmp_path).train.labels == (1, 2) * 3
    _write_csv(tmp_path / "train.csv", SERIES, ["1", "b"] * 3)
    dataset = load(data=tmp_path)
    assert dataset.test is not None and dataset.test.labels == ("1",) * 6
    _write_csv(tmp_path / "train.csv", SERIES, ["1", "01"] * 3)
    assert load(data=tmp_path).train.labels == ("1", "01") * 3


def test_a_single_class_and_constant_series_are_fine(tmp_path: Path) -> None:
    dataset = load(data=_write_npz(tmp_path, X=np.full((4, 8), 7), y=np.zeros(4, int)))
    assert dataset.train.labels == (0,) * 4 and np.all(dataset.train.series == 7)


def test_data_without_labels_is_unlabelled(tmp_path: Path) -> None:
    rows = "\n".join(_write_rows(SERIES, ","))
    for path in (
        _write_npz(tmp_path, X=SERIES),
        _write_file(tmp_path, "bare.csv", rows),
        _write_file(tmp_path, "headed.csv", ",".join(f"t{i}" for i in range(N_TIMEPOINTS)) + "\n" + rows),
        _write_file(tmp_path, "plain.ts", "@classLabel false\n@data\n" + rows),
    ):
        dataset = load(data=path)
        np.testing.assert_array_equal(dataset.train.series, SERIES)
        assert dataset.train.labels is None


def test_groups_are_read_as_text(tmp_path: Path) -> None:
    assert load(data=_write_npz(tmp_path, X=SERIES, groups=np.arange(6) // 2)).train.groups == tuple("001122")
    rows = [f"{row},{label},p{label}" for row, label in zip(_write_rows(SERIES, ","), LABELS, strict=True)]
    head = ",".join(f"t{i}" for i in range(N_TIMEPOINTS)) + ",CLASS,Group\n"
    train = load(data=_write_file(tmp_path, "some.csv", head + "\n".join(rows))).train
    np.testing.assert_array_equal(train.series, SERIES)
    assert train.groups == tuple(f"p{label}" for label in LABELS) and train.labels == (2, 1, 2, 1, 1, 2)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (np.array([10**19, 5], dtype=np.uint64), "64 bits"),
        (np.array([1e19, 5.0]), "64 bits"),
        (np.array(["a" * 300, "b"]), "300 characters"),
        (np.array(["a\nb", "c"]), "printable"),
        (np.array(["a\x00b", "c"]), "printable"),
        (np.array(["", "c"]), "non-empty"),
        (np.array([0.5, 1.0]), "integer or non-empty text"),
    ],
)
def test_a_label_that_no_bundle_holds_is_refused_in_a_sentence(
    odd: NDArray[np.generic], words: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=words):
        load(data=_write_npz(tmp_path, X=SERIES, y=np.tile(odd, N_CASES // 2)))


def test_labels_of_any_script_are_kept_and_long_numbers_in_text_stay_text(tmp_path: Path) -> None:
    assert (
        load(data=_write_npz(tmp_path, X=SERIES, y=np.array(["ü 😀", "日本"] * 3))).train.labels == ("ü 😀", "日本") * 3
    )
    labels = [{"1": "12345678901234567890", "2": "7"}[label] for label in LABELS]
    _write_tsv(tmp_path / "any.tsv", SERIES, labels)
    assert load(data=tmp_path / "any.tsv").train.labels == tuple(labels)


def test_more_classes_than_a_bundle_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="1001 classes"):
        load(data=_write_npz(tmp_path, X=np.zeros((1001, 1, 8)), y=np.arange(1001)))


def test_a_series_of_more_values_than_a_bundle_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="at most"):
        load(data=_write_npz(tmp_path, X=np.zeros((4, 2, 2**19 + 1), np.float32)))

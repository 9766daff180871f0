"""What cannot be learnt from is refused in a sentence that says what came and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data import DatasetError, load

N_CASES, N_TIMEPOINTS = 6, 10
SERIES = np.random.default_rng(0).normal(5.0, 2.0, (N_CASES, 1, N_TIMEPOINTS)).astype(np.float32)
LABELS = ["2", "1", "2", "1", "1", "2"]


def _write_npz(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "some.npz", **arrays)  # type: ignore[arg-type]
    return folder / "some.npz"


def _write_file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


INF = np.where(np.arange(N_TIMEPOINTS) == 3, np.inf, SERIES)
REFUSED_ARRAYS: dict[str, tuple[dict[str, object], str]] = {
    "nan": ({"X": SERIES * np.nan}, "0 timepoints, but at least 8"),
    "nearly all": ({"X": np.where(np.arange(10) < 6, np.nan, SERIES)}, r"case\[0\] misses 60% of its .* at most 50%"),
    "a long gap": (
        {"X": np.where(np.abs(np.arange(10) - 3) < 2, np.nan, SERIES)},
        r"case\[0\] has a gap of 3 of its 10",
    ),
    "infinite": ({"X": INF}, "6 values that are not finite.*timepoint 3"),
    "overflow": ({"X": SERIES.astype(np.float64) * 1e60}, "beyond ±1e.18.*larger unit"),
    "few cases": ({"X": SERIES[:3]}, "3 cases, but at least 4"),
    "few timepoints": ({"X": SERIES[:, :, :7]}, "7 timepoints, but at least 8"),
    "no channels": ({"X": SERIES[:, :0]}, "no channels"),
    "label count": ({"X": SERIES, "y": np.arange(5)}, "6 series but 5 labels"),
    "group count": ({"X": SERIES, "groups": np.arange(5)}, "6 series but 5 groups"),
    "complex": ({"X": SERIES + 1j}, "type complex.*real numbers"),
    "text": ({"X": SERIES.astype(str)}, "type <U.*real numbers"),
    "objects": ({"X": SERIES.astype(object)}, "arrays of objects are not read"),
    "float labels": ({"X": SERIES, "y": np.array([1.5] * 6)}, "label of case 0.* 1.5, of type float"),
    "nan labels": ({"X": SERIES, "y": np.array([1.0, np.nan] * 3)}, "label of case 1.* nan, of type float"),
    "bool labels": ({"X": SERIES, "y": np.array([True, False] * 3)}, "True, of type bool"),
    "empty labels": ({"X": SERIES, "y": np.array([""] * 6)}, "label of case 0.*non-empty"),
    "one-hot labels": ({"X": SERIES, "y": np.eye(6)}, "one value per case"),
    "float groups": ({"X": SERIES, "groups": np.ones(6)}, "group of case 0.*float"),
    "missing key": ({"data": SERIES, "other": SERIES}, "the keys there are data, other"),
    "both keys": ({"X": SERIES, "X_train": SERIES}, "both X and X_train"),
    "stray labels": ({"X_train": SERIES, "y": np.array(LABELS)}, "'y' but not 'y_train'"),
    "four dimensions": ({"X": SERIES[None]}, "4 dimensions"),
    "new labels": (
        {"X_train": SERIES, "y_train": np.array(LABELS), "X_test": SERIES, "y_test": np.array(["1", "9"] * 3)},
        "labels unknown in the training set: '9'",
    ),
    "lookalikes": (
        {"X_train": SERIES, "y_train": np.array([1, 2] * 3), "X_test": SERIES, "y_test": np.array(["1", "2"] * 3)},
        "both as an integer and as text",
    ),
    "half labelled": ({"X_train": SERIES, "y_train": np.array(LABELS), "X_test": SERIES}, "test set is not"),
    "other length": ({"X_train": SERIES, "X_test": SERIES[:, :, :9]}, "series of 9 to 9 timepoints.*all have 10"),
    "other channels": (
        {"X_train": SERIES, "X_test": np.repeat(SERIES, 2, 1)},
        "2 channels, but the training set has 1",
    ),
}


@pytest.mark.parametrize("case", REFUSED_ARRAYS)
def test_arrays_that_cannot_be_learnt_from_are_refused(case: str, tmp_path: Path) -> None:
    arrays, message = REFUSED_ARRAYS[case]
    with pytest.raises(DatasetError, match=message):
        load(data=_write_npz(tmp_path, **arrays))


ROW = ",".join(map(str, range(8)))
HEAD = ",".join(f"t{i}" for i in range(8))
REFUSED_TEXTS = {
    "words among numbers": ("a.tsv", "1\t0\tseven\n", "line 1, has 'seven' where a number"),
    "one field": ("a.tsv", f"1;{ROW.replace(',', ';')}\n", "single field"),
    "header or case": ("a.csv", f"{ROW},1.O\n" * 4, "could be a header or a case"),
    "row numbers": ("a.csv", f",label,{HEAD}\n" + f"0,1,{ROW}\n" * 4, "column 1 .no name"),
    "two label columns": ("a.csv", f"label,y,{HEAD}\n" + f"0,1,{ROW}\n" * 4, "2 columns with one of the names"),
    "no group": ("a.csv", f"group,{HEAD}\n" + f"a,{ROW}\n" * 3 + f",{ROW}\n", "group of case 3"),
    "no data line": ("a.ts", f"@classLabel false\n{ROW}\n", "no @data line"),
    "regression": ("a.ts", "@targetLabel true\n@data\n", "regression target"),
    "no label": ("a.ts", f"@data\n{ROW}:{ROW}\n", "no label after its last colon"),
    "unequal channels": ("a.ts", "@data\n" + f"{ROW}:{ROW}:1\n" * 3 + f"{ROW}:1\n", "1 to 2 channels"),
    "mostly missing": ("a.ts", "@data\n" + f"?,?,?,?,?,?,{ROW}:1\n" * 4, r"case\[0\] has a gap of 6 of its 14"),
    "unknown suffix": ("a.xyz", "?", r"'.xyz'.*Supported are .*\.csv, .*\.npz, .*\.txt"),
}


@pytest.mark.parametrize("case", REFUSED_TEXTS)
def test_files_that_break_their_format_are_refused(case: str, tmp_path: Path) -> None:
    name, text, message = REFUSED_TEXTS[case]
    with pytest.raises(DatasetError, match=message):
        load(data=_write_file(tmp_path, name, text))


@pytest.mark.parametrize("layout", ["cases,channels,time", "n_cases", "n_cases,n_channels", "n_cases,n_cases", ""])
def test_unknown_layout_words_are_refused(layout: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Expected the words n_cases, n_channels, n_timepoints"):
        load(data=_write_npz(tmp_path, X=SERIES), layout=layout)


def test_a_layout_of_two_words_does_not_fit_three_dimensions(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="3 dimensions.*one word per dimension"):
        load(data=_write_npz(tmp_path, X=SERIES), layout="n_cases,n_timepoints")


def test_a_place_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no file or folder"):
        load(data=tmp_path / "absent")
    _write_file(tmp_path, "A_TEST.tsv", f"1\t{ROW}\n")
    with pytest.raises(DatasetError, match="no training set; it holds A_TEST.tsv"):
        load(data=tmp_path)


def test_a_pickle_in_an_npz_name_is_never_run(tmp_path: Path) -> None:
    path = _write_file(tmp_path, "a.npz", "cos\nsystem\n(S'touch " + str(tmp_path / "ran") + "'\ntR.")
    with pytest.raises(DatasetError, match="could not be read"):
        load(data=path)
    assert not (tmp_path / "ran").exists()

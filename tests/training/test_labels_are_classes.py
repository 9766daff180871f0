"""Labels are classes, whatever reader found them: what is a measurement, an id or nothing at all is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from training.data import DatasetError, load

N_CASES, N_TIMEPOINTS = 24, 8
SERIES = np.random.default_rng(3).normal(size=(N_CASES, N_TIMEPOINTS)).round(4)
Labels = list[str]


def write_csv(folder: Path, labels: Labels) -> Path:
    header = ",".join(["label", *(f"t{timepoint}" for timepoint in range(N_TIMEPOINTS))])
    rows = [",".join([f'"{label}"', *map(str, case)]) for label, case in zip(labels, SERIES, strict=True)]
    return write_lines(folder / "some.csv", [header, *rows])


def write_tsv(folder: Path, labels: Labels) -> Path:
    rows = ["\t".join([label, *map(str, case)]) for label, case in zip(labels, SERIES, strict=True)]
    return write_lines(folder / "some.tsv", rows)


def write_ts(folder: Path, labels: Labels) -> Path:
    rows = [f"{','.join(map(str, case))}:{label}" for label, case in zip(labels, SERIES, strict=True)]
    return write_lines(folder / "some.ts", ["@classLabel true " + " ".join(sorted(set(labels))), "@data", *rows])


def write_npz(folder: Path, labels: Labels) -> Path:
    np.savez(folder / "some.npz", X=SERIES, y=np.array(labels))
    return folder / "some.npz"


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines))
    return path


every_reader = pytest.mark.parametrize("write", [write_csv, write_tsv, write_ts, write_npz])
Write = Callable[[Path, Labels], Path]
RANDOM = np.random.default_rng(4)
SENSELESS: dict[str, tuple[Labels, str]] = {
    "a continuous target": (
        [f"{value:.3f}" for value in RANDOM.normal(size=N_CASES)],
        "different fractions.*measurements",
    ),
    "ids": ([f"case{number}" for number in range(N_CASES)], "24 different labels .case0, case1, case2"),
    "numbers of cases": ([str(number) for number in range(N_CASES)], "24 different labels .0, 1, 2"),
    "two ways to write one": (["1", "1.0", "2"] * 8, "'1' and '1.0' read as one|'1.0' and '1' read as one"),
    "an exponent": (["1", "1e0", "2"] * 8, "read as one"),
    "nan": (["a", "nan"] * 12, "label of case 1 .*'nan'.*--drop-unlabelled"),
    "a question mark": (["a", "?"] * 12, "label of case 1 .*--drop-unlabelled"),
    "None": (["a", "None"] * 12, "label of case 1 .*'None'"),
}


@every_reader
@pytest.mark.parametrize("case", SENSELESS)
def test_labels_without_sense_are_refused_alike(case: str, write: Write, tmp_path: Path) -> None:
    labels, words = SENSELESS[case]
    with pytest.raises(DatasetError, match=words):
        load(data=write(tmp_path, labels))


SOUND: dict[str, Labels] = {
    "negative": ["-1", "1"],
    "boolean": ["True", "False"],
    "dates": ["2024-01-31", "2024-02-01"],
    "doses": ["0.5", "1.5"],
    "padded codes": ["01", "02"],
    "twenty digits": ["12345678901234567890", "12345678901234567891"],
    "many bytes": ["日本", "ü"],
    "words and underscores": ["arm_raise", "leg_raise"],
    "too large for numbers": ["1e400", "2e400"],
}


@every_reader
@pytest.mark.parametrize("case", SOUND)
def test_labels_of_any_kind_are_kept_as_written(case: str, write: Write, tmp_path: Path) -> None:
    loaded = load(data=write(tmp_path, SOUND[case] * 12)).train.labels
    assert loaded is not None and [str(label) for label in loaded] == SOUND[case] * 12


@pytest.mark.parametrize("write", [write_csv, write_npz, write_ts])
def test_labels_may_hold_blanks_and_two_unicode_forms_are_one_class(write: Write, tmp_path: Path) -> None:
    loaded = load(data=write(tmp_path, ["un caf\u00e9", "un cafe\u0301", "autre"] * 8))
    assert set(loaded.train.labels or ()) == {"un caf\u00e9", "autre"}
    assert "1 labels of the training set were brought into one form" in loaded.description.notes[0]


def test_dates_of_numpy_are_text_and_no_nanoseconds(tmp_path: Path) -> None:
    dates = np.array(["2024-01-31", "2024-02-01"] * 12, dtype="datetime64[ns]")
    np.savez(tmp_path / "some.npz", X=SERIES, y=dates)
    labels = load(data=tmp_path / "some.npz").train.labels
    assert labels is not None and labels[0] == "2024-01-31T00:00:00.000000000"


def test_commas_in_quotes_belong_to_the_label(tmp_path: Path) -> None:
    assert set(load(data=write_csv(tmp_path, ["walk, slow", "run"] * 12)).train.labels or ()) == {"walk, slow", "run"}


@every_reader
def test_cases_without_a_label_are_left_out_where_that_is_asked_for(write: Write, tmp_path: Path) -> None:
    loaded = load(data=write(tmp_path, ["a", "b", "?"] * 8), drop_unlabelled=True)
    np.testing.assert_allclose(loaded.train.series[:, 0], np.delete(SERIES, slice(2, None, 3), axis=0), rtol=1e-5)
    assert loaded.train.labels == ("a", "b") * 8
    assert "8 cases of the training set without a label were left out" in loaded.description.notes


def test_one_class_and_a_class_of_one_case_are_said(tmp_path: Path) -> None:
    assert (
        "all cases of the training set have the label a"
        in load(data=write_csv(tmp_path, ["a"] * 24)).description.notes[0]
    )
    notes = load(data=write_csv(tmp_path, ["a"] * 23 + ["rare"])).description.notes
    assert "a class has a single case: rare" in notes[0]


def test_a_thousand_classes_are_the_most(tmp_path: Path) -> None:
    for n_classes in (1000, 1001):
        labels = np.array([f"c{number % n_classes}" for number in range(2 * n_classes)])
        np.savez(tmp_path / "some.npz", X=np.zeros((2 * n_classes, 8)), y=labels)
        if n_classes == 1000:
            assert len(set(load(data=tmp_path / "some.npz").train.labels or ())) == 1000
        else:
            with pytest.raises(DatasetError, match="1001 classes"):
                load(data=tmp_path / "some.npz")

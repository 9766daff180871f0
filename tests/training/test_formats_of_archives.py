"""The archives' text formats are read as their tools write them, and what breaks them is refused by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aeon.datasets import load_from_arff_file, load_from_ts_file, save_to_ts_file

from tests.training.real_data import DATA, REAL, needs_real_data
from training.data.cases import DatasetError
from training.data.formats import aeon_ts, arff, ucr_tsv
from training.data.raw import Raw

SERIES = np.random.default_rng(0).normal(size=(6, 2, 10))


def read_ts(folder: Path, text: str) -> Raw:
    (folder / "any.ts").write_text(text)
    return aeon_ts.read(folder / "any.ts", None)[0]


def read_arff(folder: Path, text: str) -> Raw:
    (folder / "any.arff").write_text(text)
    return arff.read(folder / "any.arff", None)[0]


def read_ucr(folder: Path, text: str, name: str = "any.txt") -> Raw:
    (folder / name).write_text(text)
    return ucr_tsv.read(folder / name, None)[0]


def assert_equal_cases(raw: Raw, expected: object) -> None:
    assert len(raw.series) == len(expected)  # type: ignore[arg-type]
    for came, wanted in zip(raw.series, expected, strict=True):  # type: ignore[call-overload]
        np.testing.assert_array_equal(np.stack(list(came)), wanted)


def test_a_ts_file_that_aeon_wrote_comes_back(tmp_path: Path) -> None:
    labels = np.array(["walk", "run"] * 3)
    save_to_ts_file(SERIES, y=labels, label_type="classification", path=str(tmp_path), problem_name="any")
    raw, _ = aeon_ts.read(tmp_path / "any.ts", None)
    assert_equal_cases(raw, SERIES)
    assert raw.labels == labels.tolist()


def test_a_ts_file_that_aeon_wrote_without_labels_is_unlabelled(tmp_path: Path) -> None:
    cases = [case[:, : 6 + number] for number, case in enumerate(SERIES[:4])]
    save_to_ts_file(cases, path=str(tmp_path), problem_name="any")
    raw, _ = aeon_ts.read(tmp_path / "any.ts", None)
    assert_equal_cases(raw, cases)
    assert raw.labels is None


def test_a_ts_file_may_have_unequal_lengths_missing_values_and_labels_with_blanks(tmp_path: Path) -> None:
    raw = read_ts(
        tmp_path,
        "%# written by a tool\n# comment\n@problemName p\n@timeStamps false\n@equalLength false\n"
        "@classLabel true Walking up the stairs\n@data\n1,?,3:4,5,NaN:Walking up\n7,8:9,10:the stairs\n",
    )
    assert_equal_cases(raw, [[[1, np.nan, 3], [4, 5, np.nan]], [[7, 8], [9, 10]]])
    assert raw.labels == ["Walking up", "the stairs"]


def test_ts_timestamps_become_seconds_or_stay_numbers(tmp_path: Path) -> None:
    head = "@timeStamps true\n@classLabel true a\n@data\n"
    raw = read_ts(tmp_path, head + "(2007-01-01 00:00:00,1.5),(2007-01-01 00:01:00,?):a\n(0.5,1),(0.7,2):a\n")
    assert_equal_cases(raw, [[[1.5, np.nan]], [[1, 2]]])
    assert raw.times is not None and raw.labels == ["a", "a"]
    assert np.diff(raw.times[0]).tolist() == [60] and raw.times[1].tolist() == [0.5, 0.7]


BROKEN_TS = {
    "no data line": ("@classLabel false\n1,2\n", "line 2, stands before @data|no @data line"),
    "text before": ("comment without a sign\n@data\n1,2:a\n", "line 1, stands before @data"),
    "no label": ("@data\n1,2:a\n1,2:3,4\n", "line 3, has no label"),
    "a word": ("@data\n1,two:a\n", "line 2, has 'two' where a number"),
    "half a pair": ("@timeStamps true\n@data\n(1,2),(3,4:a\n", r"line 3, has '\(3,4' where \(instant,value\)"),
    "no pairs": ("@timeStamps true\n@data\n1,2:a\n", r"where \(instant,value\)"),
    "no instant": ("@timeStamps true\n@data\n(noon,2):a\n", "neither a number nor a date"),
    "other instants": ("@timeStamps true\n@data\n(1,2),(2,2):(1,2),(3,2):a\n", "other instants in channel 1"),
    "regression": ("@targetLabel true\n@data\n1,2:0.5\n", "regression target"),
}


@pytest.mark.parametrize("case", BROKEN_TS)
def test_a_broken_ts_file_is_refused_by_line(case: str, tmp_path: Path) -> None:
    text, message = BROKEN_TS[case]
    with pytest.raises(DatasetError, match=message):
        read_ts(tmp_path, text)


@needs_real_data
@pytest.mark.parametrize(
    "path",
    [
        *("real/ts/PickupGestureWiimoteZ_TRAIN.ts", "real/ts-JapaneseVowels/JapaneseVowels_TRAIN.ts"),
        *("real/ts/UnitTest_TRAIN.ts", "real/archive-folder-Coffee/Coffee_TEST.ts", "uea/Libras/Libras_TEST.ts"),
    ],
)
def test_real_ts_files_are_read_as_aeon_reads_them(path: str) -> None:
    series, labels = load_from_ts_file(str(DATA / path))
    raw, _ = aeon_ts.read(DATA / path, None)
    assert_equal_cases(raw, series)
    assert raw.labels is not None and [str(label).lower() for label in raw.labels] == labels.tolist()


@needs_real_data
def test_a_real_ts_file_with_timestamps_has_one_a_minute() -> None:
    raw, _ = aeon_ts.read(REAL / "ts" / "UnitTestTimeStamps_TRAIN.ts", None)
    assert raw.times is not None and all(np.diff(times).tolist() == [60, 60, 60] for times in raw.times)
    assert raw.labels == ["1", "1", "2", "2"]


@needs_real_data
def test_a_real_regression_target_is_refused() -> None:
    with pytest.raises(DatasetError, match="regression target"):
        aeon_ts.read(REAL / "ts" / "Tecator_TRAIN.ts", None)


MULTIVARIATE = r"""% BasicMotions, as the archive has it
@relation BasicMotions
@attribute relationalAtt relational
@attribute att0 numeric
@attribute att1 numeric
@attribute att2 numeric
@end relationalAtt
@attribute activity {'Standing, still',"Don't run",Walking}
% a comment more
@data
'1.5,2,?\n4,5,6','Standing, still'
"7,8\n9,10","Don't run"
'1,2,3\n4,5,6',Walking
"""


def test_a_multivariate_arff_file_has_a_line_a_channel_and_quoted_labels(tmp_path: Path) -> None:
    raw = read_arff(tmp_path, MULTIVARIATE)
    assert_equal_cases(raw, [[[1.5, 2, np.nan], [4, 5, 6]], [[7, 8], [9, 10]], [[1, 2, 3], [4, 5, 6]]])
    assert raw.labels == ["Standing, still", "Don't run", "Walking"]


def test_a_univariate_arff_file_has_an_attribute_a_timepoint(tmp_path: Path) -> None:
    head = "@RELATION a\n@ATTRIBUTE 'time 0' REAL\n@attribute target {a, 'b c'}\n@attribute t1 integer\n@DATA\n"
    raw = read_arff(tmp_path, head + "1,a,2\n?, 'b c' ,4\n")
    assert_equal_cases(raw, [[[1, 2]], [[np.nan, 4]]])
    assert raw.labels == ["a", "b c"]


BROKEN_ARFF = {
    "no data line": ("@relation a\n@attribute a numeric\n", "no @data line"),
    "too few": ("@attribute a numeric\n@attribute b {x}\n@data\n1\n", "line 4, has 1 fields.*2 attributes"),
    "open quote": ("@attribute a numeric\n@attribute b {x}\n@data\n1,'x\n", "line 4, has 1 fields"),
    "a word": ("@attribute a numeric\n@attribute b {x}\n@data\none,x\n", "line 4, has 'one' where a number"),
    "sparse": ("@attribute a numeric\n@attribute b {x}\n@data\n{0 1}\n", "sparse form"),
    "dates": ("@attribute a date yyyy\n@data\n2001\n", "attribute 'a' is of the type 'date yyyy'"),
    "two labels": ("@attribute a {x}\n@attribute b {x}\n@data\nx,x\n", "2 nominal attributes, 'a', 'b'"),
    "undeclared": ("@attribute a numeric\n@attribute b {x}\n@data\n1,y\n", "line 4, has the label 'y'"),
    "header": ("@attribute a\n@data\n", "line 1, is no line of an .arff header"),
    "series beside": (
        "@attribute r relational\n@attribute t numeric\n@end r\n@attribute a numeric\n@data\n'1',1\n",
        "beside",
    ),
}


@pytest.mark.parametrize("case", BROKEN_ARFF)
def test_a_broken_arff_file_is_refused_by_line(case: str, tmp_path: Path) -> None:
    text, message = BROKEN_ARFF[case]
    with pytest.raises(DatasetError, match=message):
        read_arff(tmp_path, text)


@needs_real_data
def test_a_real_arff_file_holds_what_the_ts_file_beside_it_does() -> None:
    folder = REAL / "archive-folder-Coffee"
    series, labels = load_from_arff_file(str(folder / "Coffee_TRAIN.arff"))
    raw, _ = arff.read(folder / "Coffee_TRAIN.arff", None)
    assert_equal_cases(raw, series)
    assert raw.labels == labels.tolist() == aeon_ts.read(folder / "Coffee_TRAIN.ts", None)[0].labels


def test_the_older_comma_form_of_ucr_has_its_label_first(tmp_path: Path) -> None:
    for text in ("1,0.5,-2,3e1\n-1,1,2,3\n", "1\t0.5\t-2\t3e1\n-1\t1\t2\t3\n", "  1 0.5 -2  3e1\n-1 1 2 3\n"):
        raw = read_ucr(tmp_path, text)
        assert_equal_cases(raw, [[[0.5, -2, 30]], [[1, 2, 3]]])
        assert raw.labels == ["1", "-1"]


def test_trailing_missing_values_of_ucr_files_stay_missing(tmp_path: Path) -> None:
    assert_equal_cases(read_ucr(tmp_path, "1\t2\tNaN\n1\t2\t\n"), [[[2, np.nan]], [[2, np.nan]]])


@needs_real_data
def test_a_real_ucr_file_is_read() -> None:
    path = DATA / "ucr/GunPoint/GunPoint_TRAIN.tsv"
    given = np.loadtxt(path, delimiter="\t")
    raw, _ = ucr_tsv.read(path, None)
    assert_equal_cases(raw, given[:, np.newaxis, 1:])
    assert raw.labels == [str(int(label)) for label in given[:, 0]]

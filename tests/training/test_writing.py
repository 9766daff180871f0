"""What is written in a format is read again by its reader, and by what others read it with, to the same cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from aeon.datasets import load_from_ts_file

from training.data import DatasetError
from training.data.choose import read_file
from training.data.raw import Raw
from training.data.source import make_source
from training.data.writing import list_suffixes, write_cases

RANDOM = np.random.default_rng(0)


def make_cases(n_channels: int = 2, dtype: type = np.float32, **fields: Any) -> Raw:
    """Six cases of 12 timepoints with a label, a group and a gap each."""
    series: np.ndarray = RANDOM.normal(size=(6, n_channels, 12)).astype(dtype)
    series[np.arange(6), 0, 3 + np.arange(6)] = np.nan
    return Raw(series, **{"labels": list("abcabc"), "groups": ["p1", "p1", "p2", "p2", "p3", "p3"], **fields})


REGULAR = make_cases()
UNIVARIATE = make_cases(1, np.float64, labels=[3, -1, 0, 3, -1, 0])
RAGGED = replace(REGULAR, series=[list(case[:, : 8 + n % 4]) for n, case in enumerate(np.asarray(REGULAR.series))])
TIMED = replace(
    RAGGED, times=[np.sort(RANDOM.choice(50, len(case[0]), replace=False)).astype(float) / 4 for case in RAGGED.series]
)
EVERY = pytest.mark.parametrize(
    "cases", [REGULAR, UNIVARIATE, RAGGED, TIMED], ids=["regular", "univariate", "ragged", "timed"]
)
LONG = {"id": "id", "time": "time", "label": "label", "group": "group"}


def read(path: Path, **settings: Any) -> Raw:
    train, test = read_file(path, make_source(**settings))
    assert test is None
    return train


def assert_equal(found: Raw, expected: Raw, **without: Any) -> None:
    """Equal series, labels, groups and times; `without` are fields that the format has no place for."""
    expected = replace(expected, **without)
    for case, (one, other) in enumerate(zip(found.series, expected.series, strict=True)):
        for channel, wanted in zip(one, other, strict=True):
            np.testing.assert_array_equal(np.asarray(channel, wanted.dtype), wanted, err_msg=f"case {case}")
    for name in ("labels", "groups"):
        values, wanted = getattr(found, name), getattr(expected, name)
        assert (values is None) == (wanted is None), name
        assert list(map(str, values or ())) == list(map(str, wanted or ())), name
    assert (found.times is None) == (expected.times is None)
    for times, wanted in zip(found.times or (), expected.times or (), strict=True):
        np.testing.assert_allclose(times, wanted - wanted[0] if times[0] == 0 else wanted)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".feather"])
@pytest.mark.parametrize("cases", [REGULAR, UNIVARIATE], ids=["regular", "univariate"])
def test_a_wide_table_comes_back(suffix: str, cases: Raw, tmp_path: Path) -> None:
    assert write_cases(tmp_path / f"wide{suffix}", cases) == ()
    assert_equal(read(tmp_path / f"wide{suffix}"), cases)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
@EVERY
def test_a_long_table_comes_back(suffix: str, cases: Raw, tmp_path: Path) -> None:
    write_cases(tmp_path / f"long{suffix}", cases, long=True)
    assert_equal(read(tmp_path / f"long{suffix}", **LONG), cases)


@pytest.mark.parametrize(("cases", "why"), [(RAGGED, "different lengths"), (TIMED, "times of their own")])
def test_series_that_no_wide_table_holds_are_written_long_with_a_note(cases: Raw, why: str, tmp_path: Path) -> None:
    (note,) = write_cases(tmp_path / "a.csv", cases)
    assert note.startswith("the table is long") and why in note
    assert_equal(read(tmp_path / "a.csv", **LONG), cases)


def test_labels_of_timepoints_make_a_table_long_and_come_back(tmp_path: Path) -> None:
    labels = [list("aaabbbbbbccc"), list("ccccccaaaaaa")]
    cases = Raw(RANDOM.normal(size=(2, 1, 12)), timepoint_labels=labels)
    [note] = write_cases(tmp_path / "a.csv", cases)
    assert note == "the table is long, a row for each timepoint, as the series have a label for each timepoint"
    read, _ = read_file(tmp_path / "a.csv", make_source(id="id", time="time", label="label", window=4))
    assert [list(own) for own in read.timepoint_labels or ()] == labels
    assert write_cases(tmp_path / "a.npz", cases) == (
        "not written, as the format has no place for it: the labels of timepoints",
    )


@EVERY
def test_a_ts_file_comes_back_but_for_groups_which_is_said(cases: Raw, tmp_path: Path) -> None:
    (note,) = write_cases(tmp_path / "a.ts", cases)
    assert note == "not written, as the format has no place for it: groups"
    assert_equal(read(tmp_path / "a.ts"), cases, groups=None)


@pytest.mark.parametrize("cases", [REGULAR, UNIVARIATE], ids=["regular", "univariate"])
def test_an_npz_comes_back_with_its_types(cases: Raw, tmp_path: Path) -> None:
    assert write_cases(tmp_path / "a.npz", cases) == ()
    found = read(tmp_path / "a.npz")
    assert_equal(found, cases)
    assert found.labels == cases.labels and np.asarray(found.series).dtype == np.asarray(cases.series).dtype


@EVERY
def test_json_lines_come_back(cases: Raw, tmp_path: Path) -> None:
    assert write_cases(tmp_path / "a.jsonl", cases) == ()
    assert_equal(read(tmp_path / "a.jsonl"), cases)


def test_the_times_of_a_body_as_augment_takes_it_are_read(tmp_path: Path) -> None:
    body = {"series": [[1, 2, 3], [4, 5]], "labels": ["a", "b"], "times": [[0, 1, 5], [0, 2]], "seed": 1}
    (tmp_path / "a.json").write_text(json.dumps(body))
    found = read(tmp_path / "a.json")
    assert [list(times) for times in found.times or ()] == [[0, 1, 5], [0, 2]] and found.labels == ["a", "b"]
    assert [list(case[0]) for case in found.series] == [[1, 2, 3], [4, 5]]


def test_json_lines_are_what_people_write(tmp_path: Path) -> None:
    write_cases(tmp_path / "a.jsonl", Raw(np.array([[[0.1, np.nan]]], np.float32), ["é"], times=[np.array([0.0, 2.5])]))
    text = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    assert text == '{"series": [[0.1, null]], "label": "é", "times": [0.0, 2.5]}\n'


def test_pandas_reads_what_is_written(tmp_path: Path) -> None:
    write_cases(tmp_path / "wide.csv", UNIVARIATE)
    wide = pandas.read_csv(tmp_path / "wide.csv", float_precision="round_trip")
    assert list(wide.columns) == ["label", "group", *(f"t{time}" for time in range(12))]
    np.testing.assert_array_equal(wide.iloc[:, 2:].to_numpy(), np.asarray(UNIVARIATE.series)[:, 0])
    write_cases(tmp_path / "long.parquet", replace(TIMED, channel_names=("acc x", "acc y")))
    long = pandas.read_parquet(tmp_path / "long.parquet")
    assert list(long.columns) == ["id", "time", "acc x", "acc y", "label", "group"]
    for number, case in long.groupby("id"):
        np.testing.assert_array_equal(case[["acc x", "acc y"]].to_numpy().T, np.stack(list(TIMED.series[number])))
        np.testing.assert_array_equal(case["time"], (TIMED.times or ())[number])
        assert set(case["label"]) == {(TIMED.labels or ())[number]}


@pytest.mark.parametrize("cases", [REGULAR, UNIVARIATE, RAGGED], ids=["regular", "univariate", "ragged"])
def test_aeon_reads_the_ts_files_that_are_written(cases: Raw, tmp_path: Path) -> None:
    write_cases(tmp_path / "a.ts", cases)
    series, labels = load_from_ts_file(str(tmp_path / "a.ts"))
    for one, other in zip(series, cases.series, strict=True):
        np.testing.assert_array_equal(np.asarray(one, np.float32), np.stack(list(other)).astype(np.float32))
    assert labels.tolist() == list(map(str, cases.labels or ()))


@pytest.mark.parametrize("suffix", list_suffixes())
def test_cases_without_labels_come_back_without(suffix: str, tmp_path: Path) -> None:
    bare = replace(UNIVARIATE, labels=None, groups=None)
    write_cases(tmp_path / f"a{suffix}", bare)
    assert_equal(read(tmp_path / f"a{suffix}"), bare)


@pytest.mark.parametrize(
    ("name", "cases", "long", "words"),
    [
        ("a.xyz", REGULAR, False, r"suffix '.xyz'.*\.csv, .*\.ts"),
        ("a.ts", REGULAR, True, "Only tables can be long"),
        ("a.npz", RAGGED, False, "an .npz holds one array of all"),
        ("a.npz", TIMED, False, "an .npz holds one array of all"),
        ("a.ts", replace(REGULAR, labels=["a b"] * 6), False, "label 'a b' cannot stand in"),
        ("a.ts", replace(REGULAR, labels=["a:b"] * 6), False, "label 'a:b' cannot stand in"),
        ("a.csv", Raw([[np.zeros(9), np.zeros(8)]]), False, "channels of 9, 8 timepoints"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name: str, cases: Raw, long: bool, words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words):
        write_cases(tmp_path / name, cases, long=long)
    assert not list(tmp_path.iterdir())


def test_what_a_format_has_no_place_for_is_said(tmp_path: Path) -> None:
    cases = replace(UNIVARIATE, channel_names=("ecg",), units=("mV",), sampling_interval="4 ms")
    notes = write_cases(tmp_path / "a.ts", cases)
    assert [note.rpartition(": ")[2] for note in notes] == [
        "groups",
        "the channels' names",
        "the channels' units",
        "the sampling interval",
    ]


def test_a_float_is_written_as_short_as_it_is_exact(tmp_path: Path) -> None:
    cases = Raw(np.array([[[0.1, 1e-30, 123456.79, 1.0]]], np.float32))
    for name in ("a.csv", "a.ts", "a.jsonl"):
        write_cases(tmp_path / name, cases)
    assert "0.1," in (tmp_path / "a.csv").read_text() and "0.1," in (tmp_path / "a.ts").read_text()
    assert json.loads((tmp_path / "a.jsonl").read_text())["series"][0][:2] == [0.1, 1e-30]

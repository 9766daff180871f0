"""A wide table's timepoints are the columns whose names form a run; every other column is named by a flag."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.real_data import REAL, needs_real_data
from training.data import DatasetError, load
from training.data.tables.names import find_run

N_CASES, N_TIMEPOINTS = 12, 10
SERIES = np.random.default_rng(0).normal(5.0, 2.0, (N_CASES, N_TIMEPOINTS)).round(4)
TIMES = [f"t{timepoint}" for timepoint in range(N_TIMEPOINTS)]


def write_frame(
    path: Path, names: list[str] = TIMES, header: bool = True, index: bool = False, **columns: object
) -> Path:
    """As pandas writes it: the columns given, then the timepoints."""
    frame = pd.DataFrame(SERIES, columns=names)
    for place, (name, values) in enumerate(columns.items()):
        frame.insert(place, name, values)
    frame.to_csv(path, index=index, header=header)
    return path


@pytest.mark.parametrize("name", ["activity", "labels", "outcome", "is_anomaly", "eyeDetection"])
def test_a_column_behind_the_timepoints_is_asked_for_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    frame = pd.DataFrame(SERIES, columns=TIMES).assign(**{name: [0, 1] * 6})
    frame.to_csv(path, index=False)
    with pytest.raises(DatasetError, match=f"no timepoint.*'t0' … 't9'.*'{name}'.*holds 0, 1.*--label {name}"):
        load(data=path)
    loaded = load(data=path, label=name)
    np.testing.assert_allclose(loaded.train.series[:, 0], SERIES, rtol=1e-6)
    assert loaded.train.labels == (0, 1) * 6
    assert f"label from column '{name}' (2 classes: 0, 1)" in loaded.description.read


def test_ids_and_patients_are_never_timepoints(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "a.csv", id=range(100, 112), label=["a", "b"] * 6)
    with pytest.raises(DatasetError, match="'id', which holds 100, 101, 102 … .12 different"):
        load(data=path)
    assert load(data=path, ignore="id").train.labels == ("a", "b") * 6
    path = write_frame(tmp_path / "b.csv", label=["a", "b"] * 6, patient=np.arange(12) // 3)
    with pytest.raises(DatasetError, match="--group patient"):
        load(data=path)
    assert load(data=path, group="patient").train.groups == tuple("000111222333")


def test_an_id_does_not_make_a_wide_table_long(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "some.csv", patient=np.arange(12))
    with pytest.raises(DatasetError, match="a row per value of column 'patient', so a row is a series.*--ignore"):
        load(data=path, id="patient")


def test_the_index_that_pandas_writes_is_asked_for(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "some.csv", index=True, label=["a", "b"] * 6)
    with pytest.raises(DatasetError, match=r"column 1 \(no name; an index\?\).*--ignore 1"):
        load(data=path)
    assert load(data=path, ignore="1").train.series.shape == (12, 1, 10)


def test_the_numbers_that_pandas_names_columns_by_are_a_header(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(N_TIMEPOINTS)]
    bare, labelled = tmp_path / "bare.csv", tmp_path / "labelled.csv"
    write_frame(bare, names=numbers)
    write_frame(labelled, names=numbers, label=["a", "b"] * 6)
    for path in (bare, labelled):
        loaded = load(data=path)
        np.testing.assert_allclose(loaded.train.series[:, 0], SERIES, rtol=1e-6)


@pytest.mark.parametrize(("place", "number"), [("first", "1"), ("last", str(N_TIMEPOINTS + 1))])
@pytest.mark.parametrize("written", ["{:d}", "{:.18e}"])
def test_a_label_without_a_header_is_asked_for_by_its_place(
    place: str, number: str, written: str, tmp_path: Path
) -> None:
    rows = [[f"{value:.4f}" for value in case] for case in SERIES]
    for case, row in enumerate(rows):
        row.insert(0 if place == "first" else N_TIMEPOINTS, written.format(case % 3))
    path = tmp_path / "some.csv"
    path.write_text("\n".join(map(",".join, rows)))
    with pytest.raises(DatasetError, match=f"no header.*its {place} column holds 3 whole values.*--label {place}"):
        load(data=path)
    for flag in (place, number):
        loaded = load(data=path, label=flag)
        np.testing.assert_allclose(loaded.train.series[:, 0], SERIES, rtol=1e-6)
        assert loaded.train.labels is not None and len(set(loaded.train.labels)) == 3
    assert load(data=path, label="none").train.series.shape == (N_CASES, 1, N_TIMEPOINTS + 1)


def test_a_label_of_one_value_without_a_header_is_asked_for_too(tmp_path: Path) -> None:
    rows = [",".join([*(f"{value:.4f}" for value in case), "0.000e+00"]) for case in SERIES]
    (tmp_path / "some.csv").write_text("\n".join(rows))
    with pytest.raises(DatasetError, match="last column holds 1 whole value .0.000e.00"):
        load(data=tmp_path / "some.csv")


def test_two_beginnings_of_names_are_two_channels(tmp_path: Path) -> None:
    names = [f"{channel}_{timepoint}" for channel in "ab" for timepoint in range(N_TIMEPOINTS)]
    pd.DataFrame(np.hstack([SERIES, 2 * SERIES]), columns=names).to_csv(tmp_path / "some.csv", index=False)
    loaded = load(data=tmp_path / "some.csv")
    np.testing.assert_allclose(loaded.train.series, np.stack([SERIES, 2 * SERIES], axis=1), rtol=1e-6)
    assert loaded.description.channel_names == ("a", "b")


def test_columns_in_the_order_of_text_are_put_into_the_order_of_time_and_that_is_said(tmp_path: Path) -> None:
    names = sorted(f"t{number}" for number in range(8, 18))
    frame = pd.DataFrame(SERIES, columns=[f"t{number}" for number in range(8, 18)])[names]
    frame.to_csv(tmp_path / "some.csv", index=False)
    loaded = load(data=tmp_path / "some.csv")
    np.testing.assert_allclose(loaded.train.series[:, 0], SERIES, rtol=1e-6)
    assert "put into the order of their timepoints" in loaded.description.notes[0]


@pytest.mark.parametrize(
    ("names", "interval"),
    [
        ([f"{number / 10:.1f}" for number in range(10)], "0.1"),
        ([f"{5 * number} ms" for number in range(10)], "5 ms"),
        ([f"2024-01-{day:02d}" for day in range(1, 11)], "1 d"),
        ([f"x{number}" for number in range(1, 11)], None),
        ([str(number) for number in range(0, 50, 5)], "5"),
    ],
)
def test_names_that_are_times_give_the_sampling_interval(
    names: list[str], interval: str | None, tmp_path: Path
) -> None:
    assert load(data=write_frame(tmp_path / "some.csv", names=names)).description.sampling_interval == interval


def test_a_timepoint_that_is_missing_between_two_others_is_named(tmp_path: Path) -> None:
    names = [name for name in [*TIMES, "t10"] if name != "t4"]
    with pytest.raises(DatasetError, match="no column between 't3' and 't5'"):
        load(data=write_frame(tmp_path / "some.csv", names=names))


def test_an_instant_a_row_is_no_case(tmp_path: Path) -> None:
    frame = pd.DataFrame({"AF3": SERIES.ravel(), "F7": 2 * SERIES.ravel(), "F8": SERIES.ravel()})
    frame.to_csv(tmp_path / "some.csv", index=False)
    with pytest.raises(DatasetError, match="120 rows of 'AF3', 'F7', 'F8'.*--id.*--window"):
        load(data=tmp_path / "some.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n1\n2\n1\n", "a single column of values, column 1,.*--window N"),
        ("\ufeff1\n1\n2\n", "labels of another file"),
        ("t0\n1.5\n2.5\n", "a single column of values, column 't0'"),
        ("label\na\nb\n", "no column of values"),
    ],
)
def test_a_column_alone_is_no_table_of_series(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text(text)
    with pytest.raises(DatasetError, match=words):
        load(data=tmp_path / "some.csv", label=("label",) if "label" in text else ())


@pytest.mark.parametrize("wrong", ["0_1", "1e", "1,5", "1.2.3", "0x10", "seven", "1 2"])
def test_numbers_are_parsed_strictly(wrong: str, tmp_path: Path) -> None:
    rows = [";".join([*(f"{value:.4f}" for value in case[:-1]), wrong]) for case in SERIES]
    (tmp_path / "some.csv").write_text(";".join(TIMES) + "\n" + "\n".join(rows))
    with pytest.raises(DatasetError, match=f"line 2, has '{wrong}' where a number was expected, in column 't9'"):
        load(data=tmp_path / "some.csv")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.text("abcxyz_", min_size=1, max_size=4).filter(lambda text: text[-1] != "_"), min_size=1, max_size=3,
             unique=True),
    st.integers(0, 3), st.integers(8, 15), st.randoms(),
)  # fmt: skip
def test_a_run_is_found_in_any_order_of_the_columns(
    channels: list[str], start: int, length: int, random: object
) -> None:
    names = [f"{channel}{start + number}" for channel in channels for number in range(length)]
    shuffled = list(range(len(names)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    run = find_run({column: names[source] for column, source in enumerate(shuffled)}, "The table")
    assert run is not None
    for channel, columns in zip(run.channels, run.columns, strict=True):
        beginning = channel or channels[0]
        found = [names[shuffled[column]] for column in columns]
        assert found == [f"{beginning}{start + number}" for number in range(length)]


@needs_real_data
def test_the_ecg5000_file_that_everybody_has_loads_with_one_flag() -> None:
    with pytest.raises(DatasetError, match="its first column holds 2 whole values"):
        load(data=REAL / "csv/ECG5000_part.csv")
    loaded = load(data=REAL / "csv/ECG5000_part.csv", label="first")
    assert loaded.train.series.shape == (300, 1, 140) and set(loaded.train.labels or ()) == {1, 2}


@needs_real_data
@pytest.mark.parametrize("name", ["eeg_eye_state_part", "stock_data", "mitdb", "AirQualityUCI", "Longley"])
def test_real_recordings_of_an_instant_a_row_are_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(DatasetError, match="--id COLUMN.*--window"):
        load(data=REAL / f"csv/{name}.csv")


@needs_real_data
def test_a_real_table_of_products_asks_for_their_code() -> None:
    with pytest.raises(DatasetError, match="'Product_Code', which holds P1, P2, P3"):
        load(data=REAL / "csv/Sales_Transactions_Dataset_Weekly.csv")

"""A table of an instant a row is a recording, or one per id, that windows are cut from."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.training.real_data import REAL, needs_real_data
from training.data import DatasetError, load

N_TIMEPOINTS = 60
VALUES = np.random.default_rng(0).normal(size=(N_TIMEPOINTS, 2)).round(3)


def write_table(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def write_recording(folder: Path) -> Path:
    """Two channels, and a label that changes after 25 instants."""
    rows = [f"{one},{two},{'rest' if row < 25 else 'run'}" for row, (one, two) in enumerate(VALUES)]
    return write_table(folder / "a.csv", "x,y,activity", rows)


def test_one_recording_is_a_group_and_its_windows_have_the_label_of_most_instants(tmp_path: Path) -> None:
    dataset = load(data=write_recording(tmp_path), window=10, label="activity")
    np.testing.assert_array_equal(dataset.train.series[1], VALUES[10:20].T.astype(np.float32))
    assert dataset.train.labels == ("rest", "rest", "run", "run", "run", "run")
    assert dataset.train.groups == ("recording 0",) * 6
    assert dataset.description.channel_names == ("x", "y")
    assert any("two labels equally often, and took the one that comes last: 1" in n for n in dataset.description.notes)
    assert "label from column 'activity'" in dataset.description.read


def test_windows_overlap_by_the_stride_within_one_group(tmp_path: Path) -> None:
    dataset = load(data=write_recording(tmp_path), window=10, stride=5, label="activity")
    assert len(dataset.train.series) == 11 and set(dataset.train.groups or ()) == {"recording 0"}


def test_each_id_is_a_recording_and_no_window_crosses_a_gap_in_time(tmp_path: Path) -> None:
    seconds = [*range(20), *range(100, 120), *range(20)]
    rows = [
        f"{'a' if row < 40 else 'b'},{second},{VALUES[row][0]},{'sick' if row < 40 else 'well'}"
        for row, second in enumerate(seconds)
    ]
    path = write_table(tmp_path / "a.csv", "machine,time,flow,state", rows)
    dataset = load(data=path, window=8, stride=4, id="machine", time="time", label="state")
    starts = dataset.train.series[:, 0, 0].tolist()
    np.testing.assert_allclose(starts, [VALUES[row][0] for row in (0, 4, 8, 12, 20, 24, 28, 32, 40, 44, 48, 52)])
    assert dataset.train.groups == ("recording 0",) * 8 + ("recording 1",) * 4
    assert dataset.train.labels == ("sick",) * 8 + ("well",) * 4


def test_a_group_that_is_given_holds_the_recordings_of_one_patient(tmp_path: Path) -> None:
    rows = [f"{row // 10},p{row // 20},{VALUES[row][0]}" for row in range(N_TIMEPOINTS)]
    path = write_table(tmp_path / "a.csv", "night,patient,flow", rows)
    dataset = load(data=path, window=10, id="night", group="patient")
    assert dataset.train.groups == ("p0", "p0", "p1", "p1", "p2", "p2")


def test_long_rows_of_a_wide_table_are_cut_too(tmp_path: Path) -> None:
    header = ",".join(f"t{timepoint}" for timepoint in range(N_TIMEPOINTS))
    rows = [",".join(map(str, VALUES[:, channel])) + f",{channel}" for channel in range(2)]
    dataset = load(data=write_table(tmp_path / "a.csv", f"{header},label", rows), window=20)
    assert dataset.train.series.shape == (6, 1, 20) and dataset.train.labels == (0, 0, 0, 1, 1, 1)


def test_without_a_window_a_recording_is_refused_with_the_flag(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--window"):
        load(data=write_recording(tmp_path), label="activity")


@needs_real_data
def test_a_real_recording_with_a_label_an_instant_is_cut() -> None:
    dataset = load(data=REAL / "csv" / "eeg_eye_state_part.csv", window=32, stride=16, label="eyeDetection")
    assert dataset.train.series.shape == (23, 14, 32) and dataset.description.channel_names is not None
    assert dataset.description.channel_names[0] == "AF3" and set(dataset.train.labels or ()) <= {0, 1}


@needs_real_data
def test_codes_of_a_real_recording_are_named(tmp_path: Path) -> None:
    text = (REAL / "csv" / "AirQualityUCI.csv").read_text()
    (tmp_path / "air.csv").write_text(re.sub(r"(?<=,)(?=,|$)", "-200", text, flags=re.MULTILINE))  # as it is published
    notes = load(data=tmp_path / "air.csv", window=24, ignore=["Datetime"]).description.notes
    named = [note for note in notes if "are -200, far from all others" in note and note.endswith("--missing -200")]
    assert len(named) >= 5

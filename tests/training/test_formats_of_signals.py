"""A recording's channel names, units and sampling interval are its file's, and its annotations label its timepoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest
import wfdb

from training.data import load
from training.data.cases import DatasetError
from training.data.formats import edf, wfdb_record
from training.data.raw import Raw
from training.data.settings import SignalSettings
from training.data.windows import cut_windows

N_TIMEPOINTS = 400
FREQUENCY = 50
SIGNALS = np.stack([np.sin(np.arange(N_TIMEPOINTS) / 9), np.cos(np.arange(N_TIMEPOINTS) / 5)])


def write_record(folder: Path, **annotations: Any) -> Path:
    wfdb.wrsamp(
        "r1", fs=FREQUENCY, units=["mV", "NU"], sig_name=["II", "resp"], p_signal=SIGNALS.T, fmt=["16", "16"],
        write_dir=str(folder),
    )  # fmt: skip
    if annotations:
        wfdb.wrann("r1", "atr", fs=FREQUENCY, write_dir=str(folder), **annotations)
    return folder / "r1.hea"


def write_edf(folder: Path, frequencies: tuple[int, int] = (FREQUENCY, FREQUENCY), annotated: bool = False) -> Path:
    path = folder / "r1.edf"
    with pyedflib.EdfWriter(str(path), 2, file_type=pyedflib.FILETYPE_EDFPLUS) as file:
        for at, (name, unit) in enumerate((("EEG Fpz", "uV"), ("temp", "C"))):
            header: dict[str, Any] = {
                "label": name,
                "dimension": unit,
                "sample_frequency": frequencies[at],
                "physical_min": -1,
            }
            file.setSignalHeader(at, header | {"physical_max": 1, "digital_min": -32768, "digital_max": 32767})
        file.writeSamples([SIGNALS[at][: 8 * frequencies[at]] for at in range(2)])
        if annotated:
            file.writeAnnotation(0, 2, "wake")
            file.writeAnnotation(2, -1, "sleep")
    return path


def read(path: Path, **settings: Any) -> Raw:
    read_file = wfdb_record.read if path.suffix == ".hea" else edf.read
    raw, _ = read_file(path, SignalSettings(**settings))
    return raw


def test_a_wfdb_record_is_one_case_with_names_units_and_interval(tmp_path: Path) -> None:
    raw = read(write_record(tmp_path))
    np.testing.assert_allclose(np.stack(list(raw.series[0])), SIGNALS, atol=1e-4)
    assert (raw.channel_names, raw.units, raw.sampling_interval) == (["II", "resp"], ["mV", "NU"], "0.02 s")
    assert raw.labels is None and raw.timepoint_labels is None


def test_an_edf_file_is_one_case_with_names_units_and_interval(tmp_path: Path) -> None:
    raw = read(write_edf(tmp_path))
    np.testing.assert_allclose(np.stack(list(raw.series[0])), SIGNALS, atol=1e-4)
    assert (raw.channel_names, raw.units, raw.sampling_interval) == (["EEG Fpz", "temp"], ["uV", "C"], "0.02 s")


@pytest.mark.parametrize("write", [write_record, write_edf])
def test_channels_are_chosen_by_name(write: Any, tmp_path: Path) -> None:
    path = write(tmp_path)
    first, second = read(path).channel_names or ()
    assert read(path, value=(second, first)).channel_names == [second, first]
    assert read(path, ignore=(first,)).channel_names == [second]
    with pytest.raises(DatasetError, match=f"0 channels called 'ECG'; its channels are {first}, {second}"):
        read(path, value=("ECG",))
    with pytest.raises(DatasetError, match="no channel left"):
        read(path, ignore=(first, second))


def test_rhythms_label_the_windows_of_a_record(tmp_path: Path) -> None:
    path = write_record(
        tmp_path,
        sample=np.array([0, 30, 200]),
        symbol=["+", "N", "+"],
        aux_note=["(N", "", "(AFIB"],
    )
    with pytest.raises(DatasetError, match="annotations, r1.atr, which are not used.*--label atr --window"):
        read(path)
    assert read(path, ignore=("atr",)).timepoint_labels is None
    cut = cut_windows(read(path, label=("atr",)), 100, 100, "The record")
    assert cut.labels == ["N", "N", "AFIB", "AFIB"] and cut.groups == ["recording 0"] * 4


def test_symbols_label_the_windows_where_there_is_no_rhythm(tmp_path: Path) -> None:
    path = write_record(tmp_path, sample=np.array([100, 300]), symbol=["N", "A"])
    cut = cut_windows(read(path, label=("atr",)), 100, 100, "The record")
    assert cut.labels == ["N", "N", "A"] and any("no label: 1" in note for note in cut.notes)


def test_annotations_label_the_windows_of_an_edf_file(tmp_path: Path) -> None:
    path = write_edf(tmp_path, annotated=True)
    with pytest.raises(DatasetError, match="2 annotations.*'wake'.*--label annotations --window"):
        read(path)
    assert read(path, ignore=("annotations",)).timepoint_labels is None
    assert cut_windows(read(path, label=("annotations",)), 100, 100, "The file").labels == ["wake", *["sleep"] * 3]


def test_channels_of_other_frequencies_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write_edf(tmp_path, (FREQUENCY, 1))
    with pytest.raises(DatasetError, match=r"in Hz: EEG Fpz 50, temp 1. Choose .*--value"):
        read(path)
    assert read(path, ignore=("temp",)).channel_names == ["EEG Fpz"]


@pytest.mark.parametrize("write", [write_record, write_edf])
@pytest.mark.parametrize("content", [b"", b"not a header\n", b"r1 2 fifty 400\n", b"0       " * 40])
def test_a_damaged_recording_is_refused(write: Any, content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="could not be read"):
        read(path)


def test_a_record_without_its_signals_is_refused(tmp_path: Path) -> None:
    path = write_record(tmp_path)
    path.with_suffix(".dat").unlink()
    with pytest.raises(DatasetError, match="could not be read.*beside it"):
        read(path)


def write_folder(folder: Path, names: dict[str, int]) -> Path:
    """A record of each name, whose first channel is the number in place of the usual one."""
    for name, level in names.items():
        place = folder / Path(name).parent
        place.mkdir(parents=True, exist_ok=True)
        signals = SIGNALS.T.copy()
        signals[:, 0] = level
        record = {"fs": FREQUENCY, "units": ["mV", "NU"], "sig_name": ["II", "resp"], "fmt": ["16", "16"]}
        wfdb.wrsamp(Path(name).name, p_signal=signals, write_dir=str(place), **record)
        wfdb.wrann(Path(name).name, "atr", fs=FREQUENCY, write_dir=str(place), sample=np.array([0]), symbol=["N"])
    return folder


def test_a_folder_of_recordings_has_its_labels_and_groups_by_sub_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, {"sick/a": 0, "sick/b": 1, "well/c": 2, "well/d": 3})
    dataset = load(data=tmp_path, label="folder", window=100)
    assert dataset.train.labels == ("sick",) * 8 + ("well",) * 8
    assert dataset.train.groups is not None and len(set(dataset.train.groups)) == 4
    np.testing.assert_allclose(dataset.train.series[:, 0, 0], np.repeat([0, 1, 2, 3], 4), atol=1e-3)
    assert dataset.description.channel_names == ("II", "resp") and dataset.description.units == ("mV", "NU")


def test_a_table_of_names_labels_and_groups_recordings(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", {"a": 0, "b": 1, "c": 2, "d": 3})
    names = tmp_path / "names.csv"
    names.write_text("file,diagnosis,patient\nd,ill,p2\nc,well,p2\nb,ill,p1\na,well,p1\n")
    dataset = load(data=folder, names=names, label="diagnosis", group="patient", window=200)
    assert dataset.train.labels == ("well",) * 2 + ("ill",) * 2 + ("well",) * 2 + ("ill",) * 2
    assert dataset.train.groups == ("p1",) * 4 + ("p2",) * 4


def test_annotations_label_the_windows_of_a_folder_whose_halves_are_a_split(tmp_path: Path) -> None:
    write_folder(tmp_path, {"train/a": 0, "train/b": 1, "test/a": 2})
    dataset = load(data=tmp_path, label="atr", window=100)
    assert dataset.test is not None and dataset.test.labels == ("N",) * 4 and len(dataset.train.series) == 8
    assert not set(dataset.train.groups or ()) & set(dataset.test.groups or ())


def test_recordings_of_other_channels_are_refused_by_name(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 0})
    write_edf(tmp_path)
    with pytest.raises(DatasetError, match="r1.edf has the channel names EEG Fpz, temp, but .*a.hea has II, resp"):
        load(data=tmp_path, window=100, ignore="atr")

"""Arrays with names, whatever file holds them, become partitions, and none that looks like data is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io

from tests.training.real_data import REAL, needs_real_data
from training.data import load
from training.data.cases import DatasetError
from training.data.formats import hdf5, matlab, numpy_npy, numpy_npz
from training.data.raw import Partitions
from training.data.settings import ArraySettings

SERIES = np.random.default_rng(0).normal(size=(12, 2, 10))
LABELS = np.arange(12) % 3


def is_text(array: Any) -> bool:
    return bool(np.asarray(array).dtype.kind == "U")


def write_npz(folder: Path, arrays: dict[str, Any]) -> Path:
    np.savez(folder / "some.npz", **arrays)
    return folder / "some.npz"


def write_npy(folder: Path, arrays: dict[str, Any]) -> Path:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    first = next(iter(arrays))
    return folder / f"{first}.npy"


def write_hdf5(folder: Path, arrays: dict[str, Any]) -> Path:
    with h5py.File(folder / "some.h5", "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array.astype(object) if is_text(array) else array)
    return folder / "some.h5"


def write_mat(folder: Path, arrays: dict[str, Any]) -> Path:
    text = {
        name: np.array(array, dtype=object) for name, array in arrays.items() if np.asarray(array).dtype.kind == "U"
    }
    scipy.io.savemat(folder / "some.mat", arrays | text, do_compression=True)
    return folder / "some.mat"


def write_mat73(folder: Path, arrays: dict[str, Any]) -> Path:
    """As MATLAB does: axes in reverse, the class in an attribute, a cell array as references to its cells."""
    path = folder / "some.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            if isinstance(array, list) or is_text(array):
                cells = [write_cell(file, f"#refs#/{name}{at}", each) for at, each in enumerate(array)]
                item = file.create_dataset(name, data=np.array([cells], dtype=h5py.ref_dtype))
                item.attrs["MATLAB_class"] = np.bytes_("cell")
            else:
                values = np.atleast_2d(array)
                file.create_dataset(name, data=values.T).attrs["MATLAB_class"] = np.bytes_("double")
    content = path.read_bytes()
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM" + content[128:])
    return path


def write_cell(file: h5py.File, name: str, value: Any) -> Any:
    text = isinstance(value, str)
    data = np.array([[ord(letter)] for letter in value], np.uint16) if text else np.asarray(value).T
    item = file.create_dataset(name, data=data)
    item.attrs["MATLAB_class"] = np.bytes_("char" if text else "double")
    return item.ref


READERS: dict[str, tuple[Any, Callable[[Path, dict[str, Any]], Path]]] = {
    "npz": (numpy_npz, write_npz),
    "npy": (numpy_npy, write_npy),
    "hdf5": (hdf5, write_hdf5),
    "mat 5": (matlab, write_mat),
    "mat 7.3": (matlab, write_mat73),
}
every_reader = pytest.mark.parametrize("kind", READERS)


def read(kind: str, folder: Path, arrays: dict[str, Any], **settings: Any) -> Partitions:
    reader, write = READERS[kind]
    partitions: Partitions = reader.read(write(folder, arrays), ArraySettings(**settings))
    return partitions


@every_reader
@pytest.mark.parametrize("labels", [LABELS, np.array([f"class {label}" for label in LABELS])], ids=["numbers", "text"])
def test_series_labels_and_groups_come_back(kind: str, labels: np.ndarray, tmp_path: Path) -> None:
    train, test = read(kind, tmp_path, {"X": SERIES, "y": labels, "groups": LABELS})
    np.testing.assert_array_equal(train.series, SERIES)
    assert train.labels == labels.tolist() and train.groups == LABELS.tolist() and test is None
    assert train.label_origin == "array 'y'"


@pytest.mark.parametrize("kind", sorted(set(READERS) - {"npy"}))
def test_a_split_comes_back(kind: str, tmp_path: Path) -> None:
    arrays = {"X_train": SERIES, "y_train": LABELS, "X_test": SERIES[:4], "y_test": LABELS[:4]}
    train, test = read(kind, tmp_path, arrays)
    assert test is not None and test.labels == LABELS[:4].tolist() and train.labels == LABELS.tolist()
    np.testing.assert_array_equal(test.series, SERIES[:4])


def test_a_folder_of_npy_files_is_a_split_with_labels(tmp_path: Path) -> None:
    folder = tmp_path / "pumps"
    folder.mkdir()
    write_npy(folder, {"X_train": SERIES, "y_train": LABELS, "X_test": SERIES[:4], "y_test": LABELS[:4]})
    dataset = load(data=folder)
    assert dataset.name == "pumps" and dataset.test is not None
    assert dataset.train.labels == tuple(LABELS.tolist()) and dataset.test.labels == tuple(LABELS[:4].tolist())
    np.save(folder / "X_val.npy", SERIES)
    with pytest.raises(DatasetError, match="'X_val'.*looks like cases, labels, groups or a split"):
        load(data=folder)


@every_reader
def test_names_given_take_the_place_of_the_usual_ones(kind: str, tmp_path: Path) -> None:
    arrays = {"data": SERIES.transpose(0, 2, 1), "labels": LABELS, "subject": LABELS}
    train, _ = read(
        kind,
        tmp_path,
        arrays,
        key="data",
        label=("labels",),
        group=("subject",),
        layout="n_cases,n_timepoints,n_channels",
    )
    np.testing.assert_array_equal(train.series, SERIES)
    assert train.labels == LABELS.tolist() and train.groups == LABELS.tolist()


UNUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "labels beside data": ({"data": SERIES, "labels": LABELS}, "data", "'labels'.*--label labels"),
    "Y": ({"X": SERIES, "Y": LABELS}, "X", "'Y'.*--label Y"),
    "X_val": ({"X_train": SERIES, "X_val": SERIES[:5]}, "X_train", "'X_val'.*a split.*--ignore X_val"),
    "any name, a value a case": ({"X": SERIES, "outcome": LABELS}, "X", "'outcome'.*one row for each case"),
    "any name, axes of the series": ({"X": SERIES, "more": SERIES[:5]}, "X", "'more'.*axes of the series"),
    "labels of the test set": ({"X": SERIES, "y": LABELS, "y_test": LABELS[:4]}, "X", "'y_test'"),
}


@every_reader
@pytest.mark.parametrize("case", UNUSED)
def test_an_array_that_looks_like_data_is_refused_by_name(kind: str, case: str, tmp_path: Path) -> None:
    arrays, key, message = UNUSED[case]
    with pytest.raises(DatasetError, match=f"holds {message}"):
        read(kind, tmp_path, arrays, key=key)


@every_reader
def test_an_array_that_is_ignored_or_no_data_is_said(kind: str, tmp_path: Path) -> None:
    arrays = {"X": SERIES, "Y": LABELS, "spectrum": np.arange(7.0)}
    train, _ = read(kind, tmp_path, arrays, ignore=("Y",))
    assert len(train.notes) == 2 and "'Y'" in train.notes[0] and "'spectrum'" in train.notes[1]
    assert all(note.endswith("is not used") for note in train.notes)


@every_reader
def test_more_channels_than_timepoints_need_a_layout(kind: str, tmp_path: Path) -> None:
    flipped = SERIES.transpose(0, 2, 1)
    with pytest.raises(
        DatasetError, match=r"more channels \(10\) than timepoints \(2\).*--layout n_cases,n_timepoints"
    ):
        read(kind, tmp_path, {"X": flipped})
    for layout in ("n_cases,n_timepoints,n_channels", "n_cases,n_channels,n_timepoints"):
        train, _ = read(kind, tmp_path, {"X": flipped}, layout=layout)
        expected = SERIES if layout.endswith("channels") else flipped
        np.testing.assert_array_equal(train.series, expected)


@every_reader
def test_a_single_recording_is_one_case(kind: str, tmp_path: Path) -> None:
    train, _ = read(kind, tmp_path, {"X": SERIES[0].T}, layout="n_timepoints,n_channels")
    np.testing.assert_array_equal(train.series, SERIES[:1])


@every_reader
def test_a_label_a_timepoint_labels_the_windows(kind: str, tmp_path: Path) -> None:
    path = READERS[kind][1](tmp_path, {"X": SERIES, "y": np.repeat([[0, 0, 0, 1, 1, 1, 1, 1, 1, 1]], 12, axis=0)})
    with pytest.raises(DatasetError, match="a label for each timepoint.*--window"):
        load(data=path)
    dataset = load(data=path, window=8, stride=2)
    assert dataset.train.labels == (1, 1) * 12 and dataset.train.groups is not None
    assert len(set(dataset.train.groups)) == 12 and dataset.train.series.shape == (24, 2, 8)


@every_reader
def test_one_recording_of_labelled_instants_is_cut_into_windows(kind: str, tmp_path: Path) -> None:
    recording = np.arange(80.0).reshape(40, 2)
    path = READERS[kind][1](tmp_path, {"X": recording, "y": np.array(["a"] * 18 + ["b"] * 22)})
    dataset = load(data=path, window=10, layout="n_timepoints,n_channels")
    np.testing.assert_array_equal(dataset.train.series[1], recording[10:20].T)
    assert dataset.train.labels == ("a", "a", "b", "b")


@every_reader
def test_what_the_channels_are_is_read(kind: str, tmp_path: Path) -> None:
    train, _ = read(
        kind, tmp_path, {"X": SERIES, "channel_names": np.array(["x", "y"]), "units": np.array(["V", "mV"])}
    )
    assert train.channel_names == ["x", "y"] and train.units == ["V", "mV"] and train.notes == ()


@every_reader
@pytest.mark.parametrize(
    "content", [b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"MATLAB 7.3" + b" " * 600]
)
def test_a_damaged_file_is_refused(kind: str, content: bytes, tmp_path: Path) -> None:
    path = READERS[kind][1](tmp_path, {"X": SERIES})
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="could not be read"):
        READERS[kind][0].read(path, ArraySettings())


@pytest.mark.parametrize("kind", ["npz", "npy", "hdf5", "mat 5", "mat 7.3"])
def test_a_cut_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = READERS[kind][1](tmp_path, {"X": SERIES, "y": LABELS})
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DatasetError, match="could not be read"):
        READERS[kind][0].read(path, ArraySettings())


@pytest.mark.parametrize("kind", ["mat 5", "mat 7.3"])
def test_a_cell_array_of_matrices_holds_series_of_unequal_length(kind: str, tmp_path: Path) -> None:
    cases = [SERIES[number][:, : 6 + number % 4] for number in range(12)]
    cells = np.empty(12, dtype=object)
    cells[:] = cases
    train, _ = read(kind, tmp_path, {"X": cells if kind == "mat 5" else cases, "y": LABELS.reshape(-1, 1)})
    assert [len(case) for case in train.series] == [2] * 12 and train.labels == LABELS.tolist()
    for given, came in zip(cases, train.series, strict=True):
        np.testing.assert_array_equal(np.stack(list(came)), given)


def test_the_fields_of_a_struct_are_arrays_with_their_names(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"mts": {"train": SERIES, "trainlabels": LABELS}})
    train, _ = matlab.read(tmp_path / "a.mat", ArraySettings(key="mts.train", label=("mts.trainlabels",)))
    np.testing.assert_array_equal(train.series, SERIES)
    assert train.labels == LABELS.tolist()


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}] * 12, dtype=object)
    np.savez(tmp_path / "a.npz", X=SERIES, y=objects)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    for reader, name in ((numpy_npz, "a.npz"), (numpy_npy, "a.npy")):
        with pytest.raises(DatasetError, match="arrays of objects are not read"):
            reader.read(tmp_path / name, ArraySettings(key="X"))


def test_an_array_larger_than_the_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    header = tmp_path / "a.npy"
    with header.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**7, 1, 10**6)})
    with h5py.File(tmp_path / "a.h5", "w") as empty:
        empty.create_dataset("X", (10**7, 1, 10**6), "f8", chunks=True)
    for reader, name in ((numpy_npy, "a.npy"), (hdf5, "a.h5")):
        with pytest.raises(DatasetError, match=r"unpacks to 80000.0 GB, but at most \d+.\d GB"):
            reader.read(tmp_path / name, ArraySettings())


@needs_real_data
def test_a_real_npz_is_read() -> None:
    path = REAL / "air_subsampled_train_perc_10.npz"
    with np.load(path) as archive:
        (name,) = archive.files
        given = archive[name]
    train, _ = numpy_npz.read(path, ArraySettings(key=name, layout="n_cases,n_timepoints,n_channels"))
    np.testing.assert_array_equal(train.series, given.transpose(0, 2, 1))

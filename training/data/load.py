"""One call loads a dataset by name, from a file or from a folder, and checks it."""

from __future__ import annotations

from pathlib import Path

from training.data.archive import load_archived
from training.data.cases import Dataset, DatasetError
from training.data.check import check_dataset
from training.data.discover import find_generators, find_readers
from training.data.folder import resolve
from training.data.layout import DEFAULT, parse_layout
from training.data.raw import Partitions
from training.data.shaping import DEFAULT as AS_IT_COMES
from training.data.shaping import Shaping


def load(
    dataset: str | None = None,
    data: Path | None = None,
    *,
    layout: str = DEFAULT,
    key: str | None = None,
    shaping: Shaping = AS_IT_COMES,
) -> Dataset:
    """The dataset called `dataset`, or the one in the file or folder `data`.

    By name alone: a generator's, else the UCR/UEA archive's (through aeon, downloaded where it is not shipped). With
    `data`, the file's suffix picks the reader, and `dataset` names the result and picks within a folder.
    `layout` names an `.npz` array's axes in their order, and `key` its series array; other formats have their own.
    `shaping` says what becomes of unequal lengths and of missing values.

    Raises DatasetError when nothing is found or what is found cannot be learnt from.
    """
    parse_layout(layout)
    if data is not None:
        name, train, test = _load_files(Path(data), dataset, layout, key)
    elif dataset:
        name, (train, test) = dataset, _load_by_name(dataset)
    else:
        raise DatasetError("Neither a dataset nor data was given. Name a dataset, or give a file or folder as data.")
    return check_dataset(name, train, test, shaping)


def _load_by_name(name: str) -> Partitions:
    generator = find_generators().get(name)
    return generator.generate(name) if generator else load_archived(name)


def _load_files(data: Path, dataset: str | None, layout: str, key: str | None) -> tuple[str, *Partitions]:
    name, train_file, test_file = resolve(data, dataset, sorted(find_readers()))
    train, test = _read(train_file, layout, key)
    if test_file is None:
        return name, train, test
    other, extra = _read(test_file, layout, key)
    if test is not None or extra is not None:
        raise DatasetError(
            f"The files {train_file} and {test_file} are a split, yet one of them holds a split of its own. Give the "
            "one that holds both partitions as data."
        )
    return name, train, other


def _read(path: Path, layout: str, key: str | None) -> Partitions:
    reader = find_readers().get(path.suffix.lower())
    if reader is None:
        raise DatasetError(
            f"The file {path} has the suffix {path.suffix!r}, which no reader knows. Supported are "
            f"{', '.join(sorted(find_readers()))}; save it as one of them."
        )
    return reader.read(path, layout=layout, key=key)

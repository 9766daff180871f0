"""A file or folder given as data resolves to one training file, at most one test file and a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from training.data.cases import DatasetError
from training.data.unpack import find_stem, find_suffix

_COLUMN = re.compile(r"(y|labels?|targets?|groups?)(_|$)", re.IGNORECASE)
"""A `.npy` file so called holds labels or groups of the series in another."""

SAME_DATA = (".ts", ".arff", ".tsv", ".txt")
"""The formats in which an archive has each of its datasets, those that say more of it first."""

Resolved = tuple[str, Path, Path | None]


def resolve(data: Path, dataset: str | None, suffixes: Sequence[str]) -> Resolved:
    """Name, training file and test file.

    Beside a training file given by name its test file is found. A folder holds `<Name>_TRAIN.<ext>` and maybe
    `<Name>_TEST.<ext>`, or `train.<ext>` and `test.<ext>`, or a single data file; `dataset` picks among several, or
    names a subfolder. DatasetError when nothing or too much fits.
    """
    if data.is_file():
        beside = list_data_files(data.parent, suffixes)
        return dataset or _name(data) or data.resolve().parent.name, data, _test_file(data, beside)
    if not data.is_dir():
        raise DatasetError(f"There is no file or folder {data}. Check the path given as data.")
    files = list_data_files(data, suffixes)
    subfolder = data / dataset if dataset else data
    if dataset and subfolder.is_dir() and not _filter_named(files, dataset):
        data, files = subfolder, list_data_files(subfolder, suffixes)
    train = _find_training_file(data, files, dataset, suffixes)
    name = dataset or _name(train) or data.resolve().name
    return name, train, _test_file(train, files)


def list_data_files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files of a folder that hold series, by their names."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and find_suffix(path) in suffixes]
    files = [path for path in files if not path.name.startswith(".") and find_stem(path).lower() != "readme"]
    return [path for path in files if path.suffix.lower() != ".npy" or not _COLUMN.match(path.stem)]


def _find_training_file(folder: Path, files: list[Path], dataset: str | None, suffixes: Sequence[str]) -> Path:
    trains = [path for path in files if is_partition(path, "train")]
    candidates = trains or [path for path in files if not is_partition(path, "test")]
    if len(candidates) > 1 and dataset:
        candidates = _filter_named(candidates, dataset)
    candidates = [path for path in candidates if not _rank_above(path, candidates)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise DatasetError(
            f"The folder {folder} holds {len(candidates)} files that could be the training set: "
            f"{_list_names(candidates)}. "
            "Pick one by the dataset's name, or give the file itself as data."
        )
    raise DatasetError(
        f"The folder {folder} holds no training set{f' for the dataset {dataset}' if dataset else ''}; it holds "
        f"{_list_names(folder.iterdir()) or 'nothing'}. Expected <Name>_TRAIN and maybe <Name>_TEST, or a single file, "
        f"with one of the suffixes {', '.join(suffixes)}; or a subfolder that bears the dataset's name."
    )


def _test_file(train: Path, files: list[Path]) -> Path | None:
    if not is_partition(train, "train"):
        return None
    base = _without(find_stem(train), "train")
    tests = [path for path in files if is_partition(path, "test") and _without(find_stem(path), "test") == base]
    tests = [path for path in tests if path.suffix == train.suffix] or tests
    if len(tests) > 1:
        raise DatasetError(
            f"The test set of {train} could be any of {_list_names(tests)}. Leave one of them in the folder."
        )
    return tests[0] if tests else None


def list_twins(path: Path) -> list[str]:
    """The names of the files beside `path` that hold the same data in another of the archives' formats."""
    return [twin.name for twin in sorted(path.parent.iterdir()) if twin != path and _are_twins(twin, path)]


def _rank_above(path: Path, others: Iterable[Path]) -> list[Path]:
    """The twins of `path` in a format that says more."""
    rank = SAME_DATA.index(path.suffix.lower()) if path.suffix.lower() in SAME_DATA else 0
    return [other for other in others if _are_twins(other, path) and SAME_DATA.index(other.suffix.lower()) < rank]


def _are_twins(one: Path, other: Path) -> bool:
    return one.stem == other.stem and {one.suffix.lower(), other.suffix.lower()} <= set(SAME_DATA)


def _filter_named(files: Sequence[Path], dataset: str) -> list[Path]:
    return [path for path in files if dataset in (find_stem(path), _without(find_stem(path), "train"))]


def is_partition(path: Path, partition: str) -> bool:
    """Whether a file's name says that it is the `train` or the `test` set."""
    return find_stem(path).lower() == partition or find_stem(path).lower().endswith(f"_{partition}")


def _without(stem: str, partition: str) -> str:
    """`GunPoint` of `GunPoint_TRAIN`, nothing of `train`, any other stem unchanged."""
    if stem.lower() == partition:
        return ""
    return stem[: -len(partition) - 1] if stem.lower().endswith(f"_{partition}") else stem


def _name(train: Path) -> str:
    """The dataset's name by its training file; nothing where it is but the usual name of an array."""
    base = _without(find_stem(train), "train")
    return "" if base == "X" else base


def _list_names(paths: Iterable[Path]) -> str:
    names = sorted(path.name for path in paths)
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")

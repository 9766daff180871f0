"""Reads a NumPy `.npy` file, with labels and groups from the files beside it; nothing in them is ever unpickled.

The folder is read as one `.npz` whose arrays bear the files' names: `X.npy` takes its labels from `y.npy`, and
`X_train.npy` from `y_train.npy`, while `X_test.npy` is a partition of its own (`training/data/arrays.py` says which
array is what).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from training.data.arrays import Array, read_arrays
from training.data.cases import DatasetError
from training.data.formats.numpy_npz import open_array
from training.data.raw import Partitions
from training.data.settings import ArraySettings

SUFFIXES = (".npy",)
Settings = ArraySettings

_PARTITION = re.compile(r"_?(train|test)$", re.IGNORECASE)


def read(path: Path, settings: ArraySettings) -> Partitions:
    """The array in `path` as one partition; the files of the other partition are none of its business."""
    base, own = _split_name(path.stem)
    arrays: dict[str, Array] = {}
    for file in [*sorted(path.parent.glob("[!.]*.npy")), path]:
        name, partition = _split_name(file.stem)
        if not own or not partition:
            arrays.setdefault(file.stem, _open_file(file))
        elif partition == own:
            arrays[name] = _open_file(file)
    label, group, ignore = (
        tuple(name.removesuffix(".npy") for name in names)
        for names in (settings.label, settings.group, settings.ignore)
    )
    settings = replace(settings, key=settings.key or base, label=label, group=group, ignore=ignore)
    return read_arrays(arrays, settings, f"The folder of {path}")


def _split_name(stem: str) -> tuple[str, str]:
    """`X` and `train` of `X_TRAIN` or of `train`; the whole and nothing of any other."""
    found = _PARTITION.search(stem)
    return (stem[: found.start()] or "X", found[1].lower()) if found else (stem, "")


def _open_file(path: Path) -> Array:
    try:
        with path.open("rb") as file:
            return open_array(file, partial(path.open, "rb"), f"The file {path}")
    except OSError as error:
        raise DatasetError(f"The file {path} could not be read: {error}. Check its name and its rights.") from error

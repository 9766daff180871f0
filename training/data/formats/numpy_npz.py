"""Reads NumPy `.npz` archives, with or without a split; nothing in them is ever unpickled.

Arrays: `X`, `y`, `groups`, or the same with `_train` and `_test` appended. `key` names the series array in place of
`X`. Integer, whole float and text labels keep their type.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.layout import move_cases_first
from training.data.raw import Partitions, Raw
from training.data.source import ArraySettings

SUFFIXES = (".npz",)
_BROKEN = (OSError, ValueError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


Settings = ArraySettings


def read(path: Path, settings: ArraySettings) -> Partitions:
    """`X` as training partition, or `X_train` and, where there is one, `X_test`."""
    with _open(path) as archive:
        base, is_split = _find_names(archive, settings.key, path)
        train = _read_raw(archive, base, "_train" if is_split else "", settings.layout, path)
        has_test = is_split and f"{base}_test" in archive.files
        return train, _read_raw(archive, base, "_test", settings.layout, path) if has_test else None


def _open(path: Path) -> NpzFile:
    try:
        archive = np.load(path, allow_pickle=False)
    except _BROKEN as error:
        raise _explain_unreadable(f"The file {path}", str(error)) from error
    if not isinstance(archive, NpzFile):
        raise _explain_unreadable(f"The file {path}", "it holds a single array without a name")
    return archive


def _read_array(archive: NpzFile, name: str, path: Path) -> NDArray[Any]:
    try:
        return np.asarray(archive[name])
    except _BROKEN as error:
        raise _explain_unreadable(f"The array {name!r} of {path}", str(error)) from error


def _explain_unreadable(what: str, reason: str) -> DatasetError:
    return DatasetError(
        f"{what} could not be read: {reason}. Save it with numpy.savez from arrays of numbers or text; arrays of "
        "objects are not read, as reading them can run code."
    )


def _find_names(archive: NpzFile, key: str | None, path: Path) -> tuple[str, bool]:
    """The name of the series array without its partition, and whether the file is split."""
    base = (key or "X").removesuffix("_train")
    whole, split = base in archive.files, f"{base}_train" in archive.files
    if whole and split and key is None:
        raise DatasetError(f"The file {path} holds both {base} and {base}_train. Name one of them as the key.")
    if not whole and not split:
        raise DatasetError(
            f"The file {path} holds no array {base!r} or '{base}_train'; the keys there are "
            f"{', '.join(sorted(archive.files)) or 'none'}. Name the series array as the key."
        )
    return base, split and (not whole or key != base)


def _read_raw(archive: NpzFile, base: str, partition: str, layout: str, path: Path) -> Raw:
    series = move_cases_first(
        _read_array(archive, base + partition, path), layout, f"The array {base + partition!r} of {path}"
    )
    return Raw(series, _read_column(archive, "y", partition, path), _read_column(archive, "groups", partition, path))


def _read_column(archive: NpzFile, name: str, partition: str, path: Path) -> list[object] | None:
    if name + partition not in archive.files:
        _refuse_stray(archive, name, partition, path)
        return None
    column = _read_array(archive, name + partition, path)
    if column.ndim != 1:
        raise DatasetError(
            f"The array {name + partition!r} of {path} has the shape {column.shape}, but one value per case was "
            "expected. Flatten it, or turn one-hot rows into class labels."
        )
    values: list[object] = column.tolist()
    return values


def _refuse_stray(archive: NpzFile, name: str, partition: str, path: Path) -> None:
    """Labels of the other naming would be dropped without a word."""
    stray = name if partition else f"{name}_train"
    if stray in archive.files:
        raise DatasetError(
            f"The file {path} holds {stray!r} but not {name + partition!r}, which would belong to the series chosen. "
            "Name series, labels and groups alike: all with _train or _test appended, or none."
        )

"""Reads NumPy `.npz` archives, with or without a split; nothing in them is ever unpickled.

`training/data/arrays.py` says which array is what. Integer, whole float and text labels keep their type.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from training.data.arrays import Array, read_arrays
from training.data.cases import DatasetError
from training.data.raw import Partitions
from training.data.settings import ArraySettings

npy: Any = np.lib.format  # without types

SUFFIXES = (".npz",)
Settings = ArraySettings

BROKEN = (OSError, ValueError, TypeError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise for a damaged file, or for objects, which they would have to unpickle."""


def read(path: Path, settings: ArraySettings) -> Partitions:
    """`X` as training partition, or `X_train` and, where there is one, `X_test`."""
    with _explain(f"The file {path}"), zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        arrays = {name.removesuffix(".npy"): _open_member(archive, name, path) for name in names}
        return read_arrays(arrays, settings, f"The file {path}")


def _open_member(archive: zipfile.ZipFile, name: str, path: Path) -> Array:
    with archive.open(name) as file:
        return open_array(file, partial(archive.open, name), f"The array {name.removesuffix('.npy')!r} of {path}")


def open_array(file: IO[bytes], reopen: Any, where: str) -> Array:
    """The array whose `.npy` file `file` is at its start; `reopen()` opens it again, to read it when it is asked for.

    Raises DatasetError, which begins with `where`, when it is no `.npy` file or holds objects.
    """
    with _explain(where):
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(file)
        if dtype.hasobject:
            raise ValueError("it holds objects")

    def read_values() -> NDArray[Any]:
        with _explain(where), reopen() as opened:
            return np.asarray(npy.read_array(opened, allow_pickle=False))

    return Array(shape, int(np.prod(shape, dtype=object)) * dtype.itemsize, read_values)


@contextmanager
def _explain(where: str) -> Iterator[None]:
    try:
        yield
    except DatasetError:
        raise
    except BROKEN as error:
        raise DatasetError(
            f"{where} could not be read: {error}. Save it with numpy.save or numpy.savez from arrays of numbers or "
            "text; arrays of objects are not read, as reading them can run code."
        ) from error

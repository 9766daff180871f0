"""Reads HDF5 files: datasets by their path in the file, such as `X` or `train/X`, are arrays with names.

`training/data/arrays.py` says which array is what. Groups become part of the name (`--key train/X`); text is UTF-8.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.arrays import Array, read_arrays
from training.data.cases import DatasetError
from training.data.installs import import_reader
from training.data.raw import Partitions
from training.data.settings import ArraySettings

SUFFIXES = (".h5", ".hdf5", ".he5")
Settings = ArraySettings


def read(path: Path, settings: ArraySettings) -> Partitions:
    """`X` as training partition, or `X_train` and, where there is one, `X_test`."""
    h5py = import_reader("h5py", path)
    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            file.visititems(lambda name, item: found.update({name: item} if isinstance(item, h5py.Dataset) else {}))
            arrays = {
                name: Array(item.shape or (), item.nbytes, partial(_read, h5py, item)) for name, item in found.items()
            }
            return read_arrays(arrays, settings, f"The file {path}")
    except (OSError, RuntimeError, KeyError) as error:
        raise DatasetError(f"The file {path} could not be read as HDF5: {error}. Save it anew.") from error


def _read(h5py: Any, item: Any) -> NDArray[Any]:
    if h5py.check_string_dtype(item.dtype) is not None:
        return np.asarray(item.asstr()[()], dtype=np.str_)
    return np.asarray(item[()])

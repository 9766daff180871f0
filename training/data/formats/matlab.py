"""Reads MATLAB's `.mat` files, version 5 with scipy and 7.3 with h5py; objects in them are refused.

Variables are arrays with names, and a field of a struct is `struct.field`. Axes are those that MATLAB shows. A cell
array of text is a column of labels; one of matrices, a series each, may hold unequal lengths.
`training/data/arrays.py` says which array is what.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from training.data.arrays import Array, Values, read_arrays
from training.data.cases import DatasetError
from training.data.installs import import_reader
from training.data.raw import Partitions
from training.data.room import require_room
from training.data.settings import ArraySettings

SUFFIXES = (".mat",)
Settings = ArraySettings

_HEADER = 128
"""Bytes of text and version before the first variable of version 5."""
_COMPRESSED = 15
"""The type of a variable that is compressed by zlib."""
_PIECE = 2**20


def read(path: Path, settings: ArraySettings) -> Partitions:
    """`X` as training partition, or `X_train` and, where there is one, `X_test`."""
    try:
        with path.open("rb") as file:
            is_hdf5 = b"MATLAB 7.3" in file.read(_HEADER)
    except OSError as error:
        raise DatasetError(f"The file {path} could not be read: {error}. Check its name and its rights.") from error
    arrays = dict(_list_v73(path) if is_hdf5 else _list_v5(path))
    return read_arrays(arrays, settings, f"The file {path}")


def _list_v5(path: Path) -> Iterator[tuple[str, Array]]:
    from scipy.io import loadmat

    require_room(_measure_unpacked(path), f"The file {path}")
    try:
        variables = loadmat(path, simplify_cells=False, struct_as_record=False, squeeze_me=False, chars_as_strings=True)
    except Exception as error:  # scipy raises whatever a damaged byte leads to
        raise _explain_unreadable(path, error) from error
    for name, value in variables.items():
        if not name.startswith("__"):
            yield from _flatten(name, value, path)


def _measure_unpacked(path: Path) -> int:
    """The bytes of the variables once they are unpacked; counted piece by piece, and no further than needed."""
    total, at, content = 0, _HEADER, path.read_bytes()
    order: Literal["big", "little"] = "big" if content[126:128] == b"MI" else "little"
    while at + 8 <= len(content):
        kind, size = (int.from_bytes(content[at + i : at + i + 4], order) for i in (0, 4))
        body = content[at + 8 : at + 8 + size]
        total += _count_unpacked(body, path) if kind == _COMPRESSED else len(body)
        at += 8 + size
    return total


def _count_unpacked(packed: bytes, path: Path) -> int:
    unpacking, total = zlib.decompressobj(), 0
    try:
        while packed and not unpacking.eof:
            total += len(unpacking.decompress(packed, _PIECE))
            packed = unpacking.unconsumed_tail
            require_room(total, f"The file {path}")
    except zlib.error as error:
        raise _explain_unreadable(path, error) from error
    return total


def _flatten(name: str, value: Any, path: Path) -> Iterator[tuple[str, Array]]:
    """The arrays of a variable as scipy gives it: the fields of a struct, a cell array as a list."""
    kind = type(value).__name__
    if kind in ("MatlabFunction", "MatlabOpaque", "MatlabObject"):
        raise _refuse_object(name, path)
    if value.dtype.kind != "O":
        yield name, _hold(np.asarray(value))
    elif value.size == 1 and hasattr(value.item(), "_fieldnames"):
        for field in value.item()._fieldnames:
            yield from _flatten(f"{name}.{field}", getattr(value.item(), field), path)
    else:
        cells = list(value.ravel(order="F"))
        if not all(isinstance(cell, np.ndarray) and cell.dtype.kind in "fiubUS" for cell in cells):
            raise _refuse_object(name, path)
        yield name, _hold(cells)


def _hold(values: Values) -> Array:
    """An array that is in memory already."""
    if isinstance(values, list):
        return Array((len(values),), sum(value.nbytes for value in values), lambda: values)
    return Array(values.shape, values.nbytes, lambda: values)


def _list_v73(path: Path) -> Iterator[tuple[str, Array]]:
    h5py = import_reader("h5py", path)
    try:
        with h5py.File(path, "r") as file:
            for name, item in file.items():
                if not name.startswith("#"):
                    yield from _flatten_v73(h5py, file, name, item, path)
    except (OSError, RuntimeError, KeyError) as error:
        raise _explain_unreadable(path, error) from error


def _flatten_v73(h5py: Any, file: Any, name: str, item: Any, path: Path) -> Iterator[tuple[str, Array]]:
    kind = item.attrs.get("MATLAB_class", b"").decode()
    if isinstance(item, h5py.Group):
        for field, inner in item.items():
            yield from _flatten_v73(h5py, file, f"{name}.{field}", inner, path)
    elif kind == "cell":
        require_room(sum(file[reference].nbytes for reference in item[()].ravel()), f"The variable {name!r} of {path}")
        cells = [_read_v73(file[reference], name, path) for reference in item[()].T.ravel(order="F")]
        yield name, _hold(cells)
    else:
        require_room(item.nbytes, f"The variable {name!r} of {path}")
        yield name, _hold(_read_v73(item, name, path))


def _read_v73(item: Any, name: str, path: Path) -> Any:
    """An array with its axes as MATLAB shows them: HDF5 holds them in reverse."""
    kind = item.attrs.get("MATLAB_class", b"").decode()
    if "MATLAB_empty" in item.attrs:
        return np.zeros(tuple(item[()]))
    if item.dtype.kind not in "fiub":
        raise _refuse_object(name, path)
    values = item[()].T
    if kind == "char":
        return np.array(["".join(map(chr, row)) for row in values])
    return values.astype(bool) if kind == "logical" else values


def _refuse_object(name: str, path: Path) -> DatasetError:
    return DatasetError(
        f"The variable {name!r} of {path} is an object, a function, or a cell of such, but arrays of numbers and cells "
        "of text or matrices are read. Save those (for a table: table2array, and cellstr for labels)."
    )


def _explain_unreadable(path: Path, error: Exception) -> DatasetError:
    return DatasetError(
        f"The file {path} could not be read as a .mat file: {error}. Save it anew with save('-v7', …) or save('-v7.3', "
        "…); version 4 and text are not read."
    )

"""Reads the numeric arrays of an npz file, after checking the size that it will unpack to."""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
from numpy.lib import format as npy

from bundle.errors import BundleError

MOST_ARRAYS = 1000

UNPACKED_TIMES, UNPACKED_BYTES = 4, 16 * 2**20
"""An archive may unpack to so many times its size and so many bytes; those that are published are not packed at all."""

KINDS = "fiu"
"""Floats, integers."""


def read_arrays(file: str, content: bytes) -> dict[str, np.ndarray]:
    """Read the arrays of an npz file, read-only, without unpickling. Raises `BundleError` that names `file`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_size(file, len(content), entries)
            return {entry.filename.removesuffix(".npy"): _read_array(file, archive, entry) for entry in entries}
    except BundleError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise of every kind
        raise BundleError(f"{file} is not a plain npz file: {str(error)[:200]}") from error


def _check_size(file: str, packed: int, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ARRAYS:
        raise BundleError(f"{file} holds {len(entries)} arrays; it may hold {MOST_ARRAYS}.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise BundleError(f"{file} holds two arrays of one name.")
    unpacked, most = sum(entry.file_size for entry in entries), UNPACKED_TIMES * packed + UNPACKED_BYTES
    if unpacked > most:
        raise BundleError(f"{file} unpacks to {unpacked} bytes; of {packed} bytes it may unpack to {most}.")


def _read_array(file: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """One array. zipfile gives no more than the size that the directory says, which was checked, and checks its sum."""
    name = entry.filename[:80]
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"{file} holds {name!r} packed in a way that npz files are not.")
    with archive.open(entry) as stream:
        raw = stream.read(entry.file_size)
        if len(raw) != entry.file_size or stream.read(1):
            raise BundleError(f"{file} holds {name!r}, of another size than its directory says.")
    header = io.BytesIO(raw)
    version = npy.read_magic(header)  # type: ignore[no-untyped-call]
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(header)  # type: ignore[no-untyped-call]
    elif version == (2, 0):
        shape, fortran, dtype = npy.read_array_header_2_0(header)  # type: ignore[no-untyped-call]
    else:
        raise BundleError(f"{file} holds {name!r} in version {version} of the npy format; it may be 1.0 or 2.0.")
    if dtype.kind not in KINDS or dtype.fields is not None or dtype.subdtype is not None:
        raise BundleError(f"{file} holds {name!r} of type {str(dtype)[:80]}; arrays are of numbers.")
    start = header.tell()
    if len(shape) > 32 or any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise BundleError(f"{file} holds {name!r} with {len(raw) - start} bytes, which its shape does not need.")
    flat = np.frombuffer(raw, dtype, offset=start)
    return flat.reshape(shape, order="F" if fortran else "C")

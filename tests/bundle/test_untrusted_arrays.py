"""Archives of arrays are refused before they are unpacked, unless they hold the numbers that they say they hold."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bundle.publish import write_npz
from tests.bundle.breaking import change_file, load_refused


def pack(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(copied: Path) -> None:
    bomb = pack(a=np.zeros(2**27, np.uint8))
    change_file(copied, "probe.npz", bomb)
    tracemalloc.start()
    assert "unpacks to" in load_refused(copied)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_a_zip_that_lies_of_its_size_is_refused(copied: Path) -> None:
    bomb = pack(a=np.zeros(2**26, np.uint8))
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        (entry,) = archive.infolist()
    size = entry.file_size.to_bytes(4, "little")
    change_file(copied, "probe.npz", bomb.replace(size, (1000).to_bytes(4, "little")))
    assert "probe.npz is not a plain npz file" in load_refused(copied)


LYING: dict[str, tuple[bytes, str]] = {
    "objects": (pack(a=np.array([print, None], object)), "type object"),
    "text": (pack(a=np.array(["a"])), "type <U1"),
    "dates": (pack(a=np.array([0], "M8[s]")), "type datetime64"),
    "complex numbers": (pack(a=np.zeros(2, np.complex64)), "type complex64"),
    "records": (pack(a=np.zeros(2, [("x", "f4")])), "type"),
}


@pytest.mark.parametrize("what", LYING)
def test_arrays_of_anything_but_numbers_are_refused(copied: Path, what: str) -> None:
    content, words = LYING[what]
    change_file(copied, "mixture.npz", content)
    assert words in load_refused(copied)


@pytest.mark.parametrize("shape", ["(10, )", "(1000000000000, )", "(-1, )", "(True, )", "(2, " * 40 + ")" * 40, "x"])
def test_an_array_of_another_shape_than_its_header_says_is_refused(copied: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(12)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("weights.npy", raw)
    change_file(copied, "mixture.npz", buffer.getvalue())
    assert "mixture.npz" in load_refused(copied)


def test_an_empty_mixture_and_an_empty_probe_are_refused(copied: Path) -> None:
    mixture = {"weights": np.zeros((4, 0)), "means": np.zeros((4, 0, 16)), "covariances": np.zeros((4, 0, 16, 16))}
    whole = (copied / "mixture.npz").read_bytes()
    change_file(copied, "mixture.npz", write_npz(mixture))
    assert "no component" in load_refused(copied)
    change_file(copied, "mixture.npz", whole)
    with np.load(copied / "probe.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    change_file(
        copied, "probe.npz", write_npz({name: array[:0] if array.ndim else array for name, array in arrays.items()})
    )
    assert "nothing to compare" in load_refused(copied)
    strange = {name: np.full_like(array, np.nan) if ".out." in name else array for name, array in arrays.items()}
    change_file(copied, "probe.npz", write_npz(strange))
    assert "gives another" in load_refused(copied)

"""A format whose reader is not installed is refused with the install that brings it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from training.data import DatasetError, load

OPTIONAL = {"a.h5": "h5py", "a.mat": "h5py", "a.xlsx": "openpyxl", "a.hea": "wfdb", "a.edf": "pyedflib"}


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_absent_reader_is_named_with_its_install(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(b"MATLAB 7.3 MAT-file")
    monkeypatch.setitem(sys.modules, OPTIONAL[name], None)  # as where it is not installed, its import fails
    with pytest.raises(DatasetError, match=rf"package {OPTIONAL[name]}, .*pip install 'seriesmith\[formats\]'"):
        load(data=tmp_path / name)

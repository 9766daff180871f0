"""A sheet of Excel is read as the table that it is, and what only Excel has is refused or said."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from training.data import DatasetError, load

SERIES = np.random.default_rng(0).normal(size=(6, 10))
LABELS = ["walk, up", "run"] * 3
WIDE = [["label", *[f"t{at}" for at in range(10)]]] + [
    [label, *row] for label, row in zip(LABELS, SERIES.tolist(), strict=True)
]


def write(folder: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "some.xlsx")
    return folder / "some.xlsx"


def test_a_wide_sheet_has_a_series_a_row(tmp_path: Path) -> None:
    dataset = load(data=write(tmp_path, Sheet1=WIDE))
    np.testing.assert_array_equal(dataset.train.series[:, 0], SERIES.astype(np.float32))
    assert dataset.train.labels == tuple(LABELS)


def test_a_sheet_that_pandas_wrote_comes_back(tmp_path: Path) -> None:
    frame = pd.DataFrame(SERIES, columns=[f"t{at}" for at in range(10)]).assign(label=[1, 2] * 3)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    dataset = load(data=tmp_path / "a.xlsx")
    np.testing.assert_array_equal(dataset.train.series[:, 0], SERIES.astype(np.float32))
    assert dataset.train.labels == (1, 2) * 3
    frame.to_excel(tmp_path / "a.xlsx")
    with pytest.raises(DatasetError, match="--ignore 1"):
        load(data=tmp_path / "a.xlsx")


def test_a_long_sheet_has_an_instant_a_row(tmp_path: Path) -> None:
    start = datetime(2024, 1, 31, 12)
    rows = [
        [f"pump {case}", start + timedelta(seconds=at), SERIES[case, at], case % 2]
        for case in range(6)
        for at in range(10)
    ]
    path = write(tmp_path, Sheet1=[["pump", "when", "flow", "fault"], *rows])
    dataset = load(data=path, id="pump", time="when", value="flow", label="fault")
    np.testing.assert_array_equal(dataset.train.series[:, 0], SERIES.astype(np.float32))
    assert dataset.train.labels == (0, 1) * 3 and dataset.description.sampling_interval == "1 s"


def test_sheets_called_train_and_test_are_a_split(tmp_path: Path) -> None:
    dataset = load(data=write(tmp_path, Test=WIDE[:3], Train=WIDE))
    assert dataset.test is not None and len(dataset.test.series) == 2 and len(dataset.train.series) == 6


def test_of_several_sheets_one_is_named_and_the_others_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, first=WIDE, notes=[["measured by", "me"]])
    with pytest.raises(DatasetError, match="the sheets first, notes. Name one with --key"):
        load(data=path)
    assert "the sheets notes of some.xlsx were not read" in load(data=path, key="first").description.notes
    with pytest.raises(DatasetError, match="no sheet 'other'"):
        load(data=path, key="other")


def test_a_formula_that_was_never_computed_is_refused_by_its_cell(tmp_path: Path) -> None:
    rows = [list(row) for row in WIDE]
    rows[2][3] = "=A1+1"
    with pytest.raises(DatasetError, match="row 3, column 4, holds the formula '=A1"):
        load(data=write(tmp_path, Sheet1=rows))


def test_a_word_among_numbers_is_refused_by_its_row(tmp_path: Path) -> None:
    rows = [list(row) for row in WIDE]
    rows[2][3] = "#DIV/0!"
    with pytest.raises(DatasetError, match="sheet 'Sheet1'.*line 3.*#DIV/0!"):
        load(data=write(tmp_path, Sheet1=rows))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"label,t0\n1,2\n"])
def test_a_damaged_workbook_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DatasetError, match="could not be read"):
        load(data=tmp_path / "a.xlsx")

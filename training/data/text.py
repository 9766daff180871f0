"""The lines of a text file and the numbers on them, or a sentence that says which line is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.unpack import read_text

_MISSING = {"", "?"}


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends; DatasetError when it cannot be read as such."""
    return read_text(path).split("\n")


def parse_numbers(fields: Sequence[str], path: Path, line: int) -> NDArray[np.float64]:
    """`[len(fields)]`; an empty field and "?" are missing values, hence NaN. Lines count from 1."""
    try:
        return np.array([np.nan if field.strip() in _MISSING else _parse_number(field) for field in fields])
    except ValueError as error:
        wrong = next(field for field in fields if field.strip() not in _MISSING and not is_number(field))
        raise DatasetError(
            f"The file {path}, line {line}, has {wrong!r} where a number was expected. Write numbers with a decimal "
            "point, separated as the format wants it; only the label (and, in a .csv file, the group) may be text."
        ) from error


def is_number(field: str) -> bool:
    """Whether a field reads as a number; "nan" and "inf" do, "0_1" and "1e" do not."""
    try:
        _parse_number(field)
    except ValueError:
        return False
    return True


def _parse_number(field: str) -> float:
    if "_" in field:
        raise ValueError("Python's separator of digits is no part of a number")
    return float(field)

"""A column of values becomes numbers; what is missing is NaN and counted, anything else is refused by its line."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table, is_text

ABSENT = ("", "?", "nan", "na", "n/a", "null", "none")
"""What stands for a missing value, in lower case."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Values:
    """Reads the value columns of one table, and counts what was missing in them."""

    table: Table
    settings: TableSettings
    missing: Counter[str] = field(default_factory=Counter)

    def read(self, column: int) -> NDArray[np.float64]:
        """`[n_rows]`, NaN where a value is missing. DatasetError for what is no number."""
        found = self.table.columns[column]
        numbers = self._parse_texts(column) if is_text(found) else self._convert(column)
        values: NDArray[np.float64] = np.array(numbers.fill_null(np.nan), dtype=np.float64)
        self.missing["empty, ? or NaN"] += int(np.isnan(values).sum())
        return values

    def describe(self) -> tuple[str, ...]:
        """A sentence for each way in which values were missing."""
        return tuple(
            f"{count} values of {self.table.where} are missing ({what})"
            for what, count in self.missing.items()
            if count
        )

    def _parse_texts(self, column: int) -> pa.Array:
        texts = pc.utf8_trim_whitespace(self.table.columns[column].cast(pa.string()))
        lower = pc.utf8_lower(texts)
        own = [text.lower() for text in self.settings.missing if not is_number(text)]
        absent = pc.is_in(lower, value_set=pa.array([*ABSENT, *own]))
        texts = pc.if_else(absent, pa.scalar(None, pa.string()), texts)
        if self.settings.decimal == ",":
            texts = pc.replace_substring(pc.replace_substring(texts, ".", "point"), ",", ".")
        try:
            return texts.cast(pa.float64())
        except pa.ArrowInvalid as error:
            raise self._explain(column, texts.to_pylist()) from error

    def _explain(self, column: int, texts: list[str | None]) -> DatasetError:
        row = next(row for row, text in enumerate(texts) if text is not None and not is_number(text))
        wrong = self.table.read_texts(column)[row] or ""
        comma = self.settings.decimal == "." and is_number(wrong.replace(",", "."))
        remedy = (
            "Say --decimal , where numbers have a decimal comma."
            if comma
            else "Write numbers such as -1.5 or 2e3; what stands for a missing value is named by --missing, and a "
            "column that holds no values by --label, --group or --ignore."
        )
        return DatasetError(
            f"{self.table.subject}, {self.table.describe_row(row)}, has {wrong!r} where "
            f"a number was expected, in {self.table.describe_column(column)}. {remedy}"
        )

    def _convert(self, column: int) -> pa.Array:
        try:
            return self.table.columns[column].cast(pa.float64(), safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DatasetError(
                f"{self.table.subject} has {self.table.describe_column(column)} of type "
                f"{self.table.columns[column].type}, where numbers were expected. Say what it is with --label, "
                "--group, --time or --ignore, or save it as numbers."
            ) from error


def is_number(text: str) -> bool:
    """Whether text is a number as JSON and C write it, or infinite; "0_1", "1e" and "nan" are none."""
    return _NUMBER.fullmatch(text.strip()) is not None

"""A table whose cells are lists has one series a row: a channel per column of lists, or one of lists of channels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.tables.describe import name_labels
from training.data.tables.roles import Roles, explain_leftovers
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table, is_list
from training.data.tables.units import split_units

SERIES = "series"
"""The column of lists that needs no name as a channel."""
TIMES = "times"
"""The column of lists beside it that holds the series' times."""


def read_nested(table: Table, roles: Roles, settings: TableSettings) -> Raw:
    """A series per row; the values are lists `[n_timepoints]`, or `[n_channels][n_timepoints]` in a single column."""
    lists = [column for column in roles.rest if is_list(table.columns[column])]
    timed = _find_times(table, lists)
    columns = roles.value or tuple(column for column in lists if column not in timed)
    if leftovers := [column for column in roles.rest if column not in (*columns, *timed)]:
        raise explain_leftovers(table, leftovers, "beside the lists of values that nobody named")
    if len(columns) == 1 and is_list(_get_items(table, columns[0])):
        series = [[_read(channel, table, row) for channel in cell] for row, cell in _list_cells(table, columns[0])]
        names, units = None, None
    else:
        cells = [list(_list_cells(table, column)) for column in columns]
        series = [[_read(cell, table, row) for row, cell in case] for case in zip(*cells, strict=True)]
        names, units = split_units(table, columns)
        names = None if names == (SERIES,) else names
    missing = sum(int(np.isnan(channel).sum()) for case in series for channel in case)
    notes = (f"{missing} values of {table.where} are missing (null or NaN)",) if missing else ()
    times = [_read(cell, table, row) for row, cell in _list_cells(table, timed[0])] if timed else None
    return Raw(
        series,
        channel_names=names,
        units=units,
        times=times,
        notes=(*table.notes, *notes),
        **name_labels(table, roles),
    )


def _find_times(table: Table, lists: list[int]) -> list[int]:
    """The column of times, where one of series stands beside it."""
    names = table.names or ()
    found = {names[column]: column for column in lists} if names else {}
    return [found[TIMES]] if TIMES in found and SERIES in found else []


def _get_items(table: Table, column: int) -> pa.Array:
    return table.columns[column].flatten()


def _list_cells(table: Table, column: int) -> list[tuple[int, list[object]]]:
    cells = table.columns[column].to_pylist()
    if None in cells:
        raise DatasetError(
            f"{table.subject}, {table.describe_row(cells.index(None))}, has no list in "
            f"{table.describe_column(column)}. Every row needs its series."
        )
    return list(enumerate(cells))


def _read(values: object, table: Table, row: int) -> NDArray[np.float64]:
    try:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)  # type: ignore[attr-defined]
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{table.subject}, {table.describe_row(row)}, has a list that holds more than "
            "numbers. Write a list of numbers for each channel."
        ) from error

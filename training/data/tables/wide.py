"""A wide table has one series a row: its timepoints are the columns whose names form a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.tables.describe import name_labels
from training.data.tables.names import Run, find_run
from training.data.tables.roles import Roles, explain_leftovers
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.tables.values import Values

MOST_NAMES = 40
"""Columns up to which a table without a run of timepoints may be one instant a row."""


def read_wide(table: Table, roles: Roles, settings: TableSettings) -> Raw:
    """A series per row, `[n_rows, n_channels, n_timepoints]`. DatasetError names every column that is no timepoint."""
    run = _find_run(table, roles)
    values = Values(table, settings)
    columns = {column: values.read(column) for row in run.columns for column in row}
    series = np.stack([np.stack([columns[column] for column in row], axis=1) for row in run.columns], axis=1)
    if table.names is None:
        _refuse_swallowed_label(table, run.columns[0], columns, settings)
    notes = [*table.notes, *values.describe()]
    if run.reordered:
        first = ", ".join(table.describe_column(column).removeprefix("column ") for column in run.columns[0][:3])
        notes.append(f"the columns of {table.where} were put into the order of their timepoints: {first} …")
    return Raw(
        series,
        channel_names=run.channels if len(run.channels) > 1 else None,
        sampling_interval=run.interval,
        times=None if run.times is None else [run.times] * table.n_rows,
        notes=tuple(notes),
        **name_labels(table, roles),
    )


def has_run(table: Table, roles: Roles) -> bool:
    """Whether columns are called as timepoints are, or as many as are none that a recording has as channels."""
    if table.names is None:
        return len(roles.rest) > MOST_NAMES
    return find_run({column: table.names[column] for column in roles.rest}, table.subject) is not None


def _find_run(table: Table, roles: Roles) -> Run:
    if len(roles.rest) < 2:
        raise _explain_too_few(table, roles.rest)
    if table.names is None:
        return Run(("",), (roles.rest,), None, None, False)
    run = find_run({column: table.names[column] for column in roles.rest}, table.subject)
    if run is None:
        raise _explain_no_run(table, roles.rest)
    inside = {column for row in run.columns for column in row}
    if leftovers := [column for column in roles.rest if column not in inside]:
        first, last = (table.names[run.columns[0][at]] for at in (0, -1))
        raise explain_leftovers(table, leftovers, f"that {'is' if len(leftovers) == 1 else 'are'} no timepoint of "
                                f"the run {first!r} … {last!r}")  # fmt: skip
    return run


def _explain_too_few(table: Table, columns: Sequence[int]) -> DatasetError:
    there = f"a single column of values, {table.describe_column(columns[0])}" if columns else "no column of values"
    return DatasetError(
        f"{table.subject} has {there}, but a series per row needs one for each timepoint. If a row is one instant, "
        "say of which series with --id COLUMN, or cut one long recording into windows with --window N; if the rows are "
        "the labels of another file, read that file."
    )


def _explain_no_run(table: Table, columns: Sequence[int]) -> DatasetError:
    names = table.names or ()
    listed = ", ".join(repr(names[column]) for column in columns[:8]) + (" …" if len(columns) > 8 else "")
    start = f"{table.subject} has no columns whose names count timepoints (t0, t1, … or 0, 1, …)"
    if len(columns) <= MOST_NAMES and table.n_rows > len(columns):
        return DatasetError(
            f"{start}; it has {table.n_rows} rows of {listed}. If a row is one instant of a series, say which "
            "series with --id COLUMN (and --time COLUMN), or cut one long recording into windows with --window N; if a "
            "row is one series, name its timepoints t0, t1, …."
        )
    return DatasetError(
        f"{start}, but {listed}. Name the timepoints so, or give a long table's --id, --time and --value."
    )


def _refuse_swallowed_label(
    table: Table, columns: Sequence[int], values: dict[int, NDArray[np.float64]], settings: TableSettings
) -> None:
    """Without a header nothing says that the first or the last column is a label, but its values may."""
    if settings.label:
        return
    for column, word, next_to in ((columns[0], "first", columns[1]), (columns[-1], "last", columns[-2])):
        if _looks_like_label(values[column], values[next_to], [values[each] for each in columns]):
            different = len(np.unique(values[column]))
            raise DatasetError(
                f"{table.subject} has no header, and its {word} column holds {different} whole "
                f"value{'' if different == 1 else 's'} ({table.show_values(column)}), so it looks like a label rather "
                f"than a timepoint. Say which it is: --label {word}, or --label none."
            )


def _looks_like_label(
    values: NDArray[np.float64], beside: NDArray[np.float64], every: Sequence[NDArray[np.float64]]
) -> bool:
    """Few whole numbers, where other columns hold fractions, or many more numbers."""
    if not (np.isfinite(values).all() and (values == np.round(values)).all()):
        return False
    different = len(np.unique(values))
    if different > max(2, len(values) / 2):
        return False
    if any((np.isfinite(each) & (each != np.round(each))).any() for each in every):
        return True
    return 3 * different <= len(np.unique(beside)) and different <= len(values) / 4

"""A long table has one timepoint a row: an id says which series it belongs to; each column of values is a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from training.data.cases import DatasetError
from training.data.instants import parse_instants
from training.data.raw import Raw
from training.data.tables.dates import rewrite_dates
from training.data.tables.describe import name_labels
from training.data.tables.roles import Roles, describe_columns, explain_leftovers, join_columns
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table, is_text
from training.data.tables.units import split_units
from training.data.tables.values import Values, is_number

LONG = ("time", "value")
"""Flags of a long table beside those of every table."""
EVEN = 1e-3
"""Steps in time that differ by less than this share of their median are even."""


@dataclass(frozen=True)
class _Series:
    """The rows of each series, in the order of time."""

    ids: list[object]
    rows: list[NDArray[np.intp]]


def read_long(table: Table, roles: Roles, settings: TableSettings) -> Raw:
    """A series per id, in the order in which the ids come first; a channel per value column.

    Raises DatasetError for labels or groups that change within a series, and for columns that nobody named.
    """
    series = _split_series(table, roles)
    times, notes = _order_by_time(table, roles, series)
    values = Values(table, settings)
    channels = roles.value or _choose_channels(table, roles, series, settings)
    columns = [values.read(column) for column in channels]
    names, units = split_units(table, channels)
    even, interval = _measure_interval(times, roles, table)
    labels = _list_labels(table, roles, series) if settings.window is not None else None
    about = _pick_first_rows(table, roles if labels is None else replace(roles, label=()), series)
    return Raw(
        [[column[rows] for column in columns] for rows in series.rows],
        channel_names=names,
        units=units,
        sampling_interval=interval,
        times=None if even or times is None else [each - each[0] for each in times],
        notes=(*table.notes, *notes, *values.describe()),
        timepoint_labels=labels,
        **(about if labels is None else about | {"label_origin": describe_columns(table, roles.label)}),
    )


def _split_series(table: Table, roles: Roles) -> _Series:
    if not roles.id:
        return _Series([""], [np.arange(table.n_rows)])
    ids = join_columns(table, roles.id)
    if None in ids or "" in ids:
        row = next(row for row, value in enumerate(ids) if value in (None, ""))
        raise DatasetError(
            f"{table.subject}, {table.describe_row(row)}, has no id in "
            f"{describe_columns(table, roles.id)}. Every row needs one, as it says which series the row belongs to."
        )
    encoded = pa.array([str(value) for value in ids]).dictionary_encode()
    numbers = np.asarray(encoded.indices)
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    return _Series(encoded.dictionary.to_pylist(), np.split(order, np.cumsum(counts)[:-1]))


def _order_by_time(table: Table, roles: Roles, series: _Series) -> tuple[list[NDArray[np.float64]] | None, list[str]]:
    """The times of each series, ascending, after its rows were put into that order."""
    if roles.time is None:
        return None, []
    notes: list[str] = []
    instants = _read_instants(table, roles.time, notes)
    moved = 0
    for number, rows in enumerate(series.rows):
        order = np.argsort(instants[rows], kind="stable")
        moved += bool((order != np.arange(len(rows))).any())
        series.rows[number] = rows = rows[order]
        _refuse_equal_times(table, roles.time, instants, rows, series.ids[number])
    if moved:
        notes.append(f"the rows of {moved} series were put into the order of {table.describe_column(roles.time)}")
    return [instants[rows] for rows in series.rows], notes


def _read_instants(table: Table, column: int, notes: list[str]) -> NDArray[np.float64]:
    found = table.columns[column]
    if found.null_count or (is_text(found) and "" in table.read_texts(column)):
        texts = table.read_texts(column)
        row = next(row for row, text in enumerate(texts) if not text)
        raise DatasetError(
            f"{table.subject}, {table.describe_row(row)}, has no time in "
            f"{table.describe_column(column)}. Every row needs one; without --time, rows are taken in their order."
        )
    if pa.types.is_temporal(found.type):
        kind = pa.timestamp("ns", found.type.tz) if pa.types.is_timestamp(found.type) else found.type
        found = found.cast(kind).cast(pa.int64()) if pa.types.is_timestamp(kind) else found.cast(pa.int64())
        unit = 1e9 if pa.types.is_timestamp(kind) else _count_per_second(kind)
        return np.asarray(found, dtype=np.float64) / unit
    if is_text(found):
        instants = [text or "" for text in table.read_texts(column)]
        dates, note = rewrite_dates(instants, table.name_column(column))
        notes += [note] if note else []
        return parse_instants(dates, table.name_column(column))
    return np.asarray(found.cast(pa.float64()), dtype=np.float64)


def _count_per_second(kind: Any) -> float:
    if pa.types.is_date32(kind):
        return 1 / 86400
    return {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[getattr(kind, "unit", "ms")]


def _refuse_equal_times(
    table: Table, column: int, instants: NDArray[np.float64], rows: NDArray[np.intp], id: object
) -> None:
    equal = np.flatnonzero(np.diff(instants[rows]) == 0)
    if len(equal):
        one, other = (table.describe_row(int(rows[equal[0] + step])) for step in (0, 1))
        raise DatasetError(
            f"{table.subject} has two rows for one time of series {id!r}: {one} and {other}, in "
            f"{table.describe_column(column)}. If they belong to two series, name a further column with --id; if they "
            "are two channels, give each a column of its own."
        )


def _choose_channels(table: Table, roles: Roles, series: _Series, settings: TableSettings) -> tuple[int, ...]:
    """All columns that have no role, unless one is plainly no value: then it is asked for by name."""
    odd = {column: why for column in roles.rest if (why := _explain_no_value(table, column, series, settings))}
    if odd:
        why = next(iter(odd.values()))
        raise explain_leftovers(table, list(odd), f"that nobody named, and that may be no value ({why})", LONG)
    if not roles.rest:
        raise DatasetError(f"{table.subject} has no column left for values. Name one with --value.")
    return roles.rest


def _explain_no_value(table: Table, column: int, series: _Series, settings: TableSettings) -> str | None:
    """Why a column that nobody named is hardly a channel; None where it may be one."""
    if table.names is not None and not table.names[column]:
        return "it has no name"
    if is_text(table.columns[column]):
        texts = [text for text in table.read_texts(column) if text]
        comma = settings.decimal == ","
        if texts and not any(is_number(text.replace(",", ".") if comma else text) for text in texts[:1000]):
            return "it holds text"
    elif not (pa.types.is_floating(table.columns[column].type) or pa.types.is_integer(table.columns[column].type)):
        return None if pa.types.is_decimal(table.columns[column].type) else "it holds no numbers"
    values = Values(table, settings).read(column)
    within = [values[rows] for rows in series.rows]
    if any(len(each) > 1 for each in within) and all((np.diff(each) > 0).all() for each in within):
        return "it rises throughout each series, as a time or an index does"
    known = values[np.isfinite(values)]
    if not len(known) or (known != np.round(known)).any():
        return None
    if len(within) > 1 and len(np.unique(known)) > 1 and all((each == each[0]).all() for each in within):
        return "it is one whole number throughout each series"
    return "it holds two whole values" if len(np.unique(known)) == 2 else None


def _pick_first_rows(table: Table, roles: Roles, series: _Series) -> dict[str, Any]:
    """Labels and groups of the series, which are those of their first rows, as all their rows have the same."""
    for flag, columns in (("label", roles.label), ("group", roles.group)):
        if columns:
            _refuse_change(table, columns, series, flag)
    first = pa.array([int(rows[0]) for rows in series.rows])
    picked = replace(table, columns=tuple(column.take(first) for column in table.columns), lines=None)
    return name_labels(picked, roles)


def _list_labels(table: Table, roles: Roles, series: _Series) -> list[list[object]] | None:
    """The label of each row of the series, where it changes within one: a recording has a label a timepoint."""
    if not roles.label:
        return None
    values = join_columns(table, roles.label)
    if all(values[row] == values[rows[0]] for rows in series.rows for row in rows):
        return None
    return [[values[row] for row in rows] for rows in series.rows]


def _refuse_change(table: Table, columns: Sequence[int], series: _Series, flag: str) -> None:
    values = join_columns(table, columns)
    for id, rows in zip(series.ids, series.rows, strict=True):
        different = {values[row] for row in rows}
        if len(different) > 1:
            listed = ", ".join(str(value) for value in list(different)[:3])
            raise DatasetError(
                f"{table.subject} has {len(different)} {flag}s in series {id!r} ({listed}), in "
                f"{describe_columns(table, columns)}. A series has one {flag}: name a further column with --id, or cut "
                "recordings into windows with --window N."
            )


def _measure_interval(times: list[NDArray[np.float64]] | None, roles: Roles, table: Table) -> tuple[bool, str | None]:
    """Whether all series are sampled evenly, at one interval, and the interval."""
    if times is None:
        return True, None
    steps = np.concatenate([np.diff(each) for each in times])
    if not len(steps):
        return True, None
    step = float(np.median(steps))
    if not np.allclose(steps, step, rtol=EVEN, atol=0):
        return False, None
    return True, f"{step:.6g} s" if _is_dated(table, roles) else f"{step:.6g}"


def _is_dated(table: Table, roles: Roles) -> bool:
    """Whether times are dates, which are read in seconds."""
    assert roles.time is not None
    column = table.columns[roles.time]
    if is_text(column):
        return not is_number(str(column[0].as_py()))
    return bool(pa.types.is_temporal(column.type))

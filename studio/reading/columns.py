"""What each column of a table probably is. Readers refuse what nobody named; a person at a page is shown a guess
instead, and corrects it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from training.data.cases import DatasetError
from training.data.instants import parse_instants
from training.data.source import Source
from training.data.tables.names import find_run
from training.data.tables.roles import GROUPING, GROUPS, LABELS, Roles, find_roles
from training.data.tables.table import Table, is_list, is_text
from training.data.tables.values import ABSENT, is_number

LABEL_WORDS = (*LABELS, "category", "activity", "diagnosis", "condition", "state", "fault", "outcome", "kind", "type",
               "sick", "event", "quality", "result", "detection")  # fmt: skip
ID_WORDS = ("id", "series", "case", "sample", "trial", "run", "session", "record", "episode", "cycle", "sequence",
            "trajectory", "stroke", "unit", "engine", "visit", "recording", "segment")  # fmt: skip
TIME_WORDS = ("time", "date", "datetime", "timestamp", "t", "timepoint", "step", "instant", "second", "seconds", "ms",
              "tick", "frame", "cycle", "index", "hour", "day", "month", "year", "week")  # fmt: skip
LISTS = ("label", "group", "id", "value", "ignore")
"""Settings that name columns, beside the time."""

MARKS = ("synthetic", "sample_weight")
"""Columns that our own files have."""

MOST_CLASSES = 50
"""Different values up to which a column that nobody named may be the label."""

WINDOW = 128
"""Timepoints of the windows that a recording with a label for each timepoint is cut into at first."""

SHOWN = 3
"""Values that are shown of a column."""

SAMPLE = 20_000
"""Rows that are looked at."""

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_LETTER = re.compile(r"[\W_\d]+")


@dataclass(frozen=True)
class Column:
    """A column of the table: its name or number, its texts, and what they are."""

    at: int
    name: str
    texts: list[str]
    is_text: bool

    @property
    def word(self) -> str:
        """The name in lower case."""
        return self.name.strip().lower()

    @property
    def is_number(self) -> bool:
        """Whether all that is there is a number."""
        known = [text for text in self.texts if text.lower() not in ABSENT]
        return bool(known) and all(is_number(text) or is_number(text.replace(",", ".")) for text in known[:1000])

    @property
    def n_different(self) -> int:
        """Different values."""
        return len(set(self.texts))

    def has_word(self, words: Sequence[str]) -> bool:
        """Whether the name is one of the words, or has one between underscores, blanks or capitals."""
        parted = _CAPITAL.sub(" ", self.name)
        parts = {part for name in (self.name, parted) for part in _NO_LETTER.split(name.lower())}
        return self.word in words or not parts.isdisjoint(words)


def guess_settings(table: Table, given: Source, in_folder: bool = False) -> Source:
    """The settings with a role for each column that they do not name; `in_folder`: each file is one series."""
    roles = find_roles(table, given)
    rest = [_look_at(table, column) for column in roles.rest]
    marks = [column for column in rest if column.word in MARKS or not column.name.strip()]
    rest = [column for column in rest if column not in marks]
    source = replace(given, ignore=(*given.ignore, *(column.name for column in marks)))
    if table.names is None:
        return _guess_without_header(table, rest, source)
    lists = [column for column in rest if is_list(table.columns[column.at])]
    run = find_run({column.at: column.name for column in rest}, table.subject)
    if run is not None or lists:
        inside = {at for row in run.columns for at in row} if run else {column.at for column in lists}
        leftovers = [column for column in rest if column.at not in inside and column not in lists]
        return _place_leftovers(leftovers, source, roles, table.n_rows)
    return _guess_long(table, rest, source, roles, in_folder)


def _look_at(table: Table, at: int) -> Column:
    name = table.names[at] if table.names is not None else str(at + 1)
    column = table.columns[at]
    if is_list(column):
        return Column(at, name, [], False)
    part = replace(table, columns=tuple(each.slice(0, SAMPLE) for each in table.columns))
    return Column(at, name, [text or "" for text in part.read_texts(at)], is_text(column))


def _place_leftovers(leftovers: Sequence[Column], source: Source, roles: Roles, n_rows: int) -> Source:
    """Columns beside a run of timepoints: one is the label, one the group, the others are left out."""
    label, group = source.label, source.group
    left = list(leftovers)
    if not roles.label and not label and (found := _choose_label(left, n_rows)) is not None:
        label, left = (found.name,), [column for column in left if column is not found]
    groups = [] if roles.group or group else [column for column in left if _may_group(column, n_rows)]
    if groups:
        group, left = (groups[0].name,), [column for column in left if column is not groups[0]]
    return replace(source, label=label, group=group, ignore=(*source.ignore, *(column.name for column in left)))


def _choose_label(columns: Sequence[Column], n_rows: int) -> Column | None:
    """The one that is called so; else the text, or whole numbers, of fewest different values."""
    able = [column for column in columns if 1 < column.n_different <= min(MOST_CLASSES, max(2, n_rows // 2))]
    named = [column for column in able if column.has_word(LABEL_WORDS)]
    if named:
        return named[0]
    able = [column for column in able if not column.has_word((*GROUPING, *GROUPS, *ID_WORDS))]
    texts = [column for column in able if not column.is_number]
    whole = [column for column in able if column.is_number and _are_whole(column.texts)]
    return min(texts or whole, key=lambda column: column.n_different, default=None)


def _may_group(column: Column, n_rows: int) -> bool:
    return column.has_word((*GROUPING, *GROUPS)) and 1 < column.n_different < n_rows and "" not in column.texts


def _are_whole(texts: Sequence[str]) -> bool:
    try:
        return all(float(text).is_integer() for text in texts if text)
    except ValueError:
        return False


def _guess_without_header(table: Table, rest: Sequence[Column], source: Source) -> Source:
    """A label stands first or last; or a row is an instant of a series whose number and time come first."""
    if source.label or source.id or source.time or source.value or len(rest) < 2:
        return source
    if len(rest) <= 40 and table.n_rows > 2 * len(rest) and _counts_up(rest[0], rest[1]):
        values = [column for column in rest[2:] if column.is_number and column.n_different > 1]
        constant = tuple(column.name for column in rest[2:] if column not in values)
        return replace(source, id=(rest[0].name,), time=rest[1].name, value=tuple(c.name for c in values),
                       ignore=(*source.ignore, *constant))  # fmt: skip
    for column, word in ((rest[0], "first"), (rest[-1], "last")):
        if not column.is_number or (_are_whole(column.texts) and 1 < column.n_different <= MOST_CLASSES):
            return replace(source, label=(word,))
    return replace(source, label=("none",))


def _counts_up(one: Column, other: Column) -> bool:
    """Whether the second column rises within each value of the first, which stay together."""
    try:
        ids, times = (np.array([float(text) for text in column.texts]) for column in (one, other))
    except ValueError:
        return False
    changes = np.flatnonzero(np.diff(ids)) + 1
    runs = [times[begin:end] for begin, end in pairwise([0, *changes.tolist(), len(ids)])]
    apart = len(np.unique(ids)) == len(runs)
    return apart and len(runs) > 1 and len(runs) < len(ids) / 4 and all((np.diff(run) > 0).all() for run in runs)


def _guess_long(table: Table, rest: list[Column], source: Source, roles: Roles, in_folder: bool) -> Source:
    """A row is an instant: of a series whose id a column holds, else of one recording."""
    left = list(rest)
    id = tuple(source.id)
    if not id and not in_folder and (chosen := _choose_id(table, left, source)):
        id, left = tuple(column.name for column in chosen), [column for column in left if column not in chosen]
    series = _number_series(table, replace(source, id=id))
    time = source.time
    if time is None and (found := next((c for c in left if _may_be_time(c, series, table)), None)) is not None:
        time, left = found.name, [column for column in left if column is not found]
    label, group = source.label, source.group
    constant = [column for column in left if (in_folder or id) and _is_constant(column, series)]
    if not label and not roles.label and (found := _choose_label(constant or _list_words(left), len(set(series)) * 2)):
        label, left = (found.name,), [column for column in left if column is not found]
    if (
        not group
        and not roles.group
        and (found := next((c for c in constant if c in left and _may_group(c, 10**9)), None))
    ):
        group, left = (found.name,), [column for column in left if column is not found]
    value = source.value
    numbers = [column for column in left if column.is_number and column not in constant]
    if not value and not in_folder:
        value = tuple(column.name for column in numbers)
    ignored = tuple(column.name for column in left if column.name not in value and column not in numbers)
    guessed = replace(source, id=id, time=time, label=label, group=group, value=value,
                      ignore=(*source.ignore, *ignored))  # fmt: skip
    if source.window is None and not in_folder and _changes_label(table, guessed):
        shortest = min(np.bincount(np.unique(series, return_inverse=True)[1]))
        guessed = replace(guessed, window=max(8, min(WINDOW, int(shortest) // 8)))
    return guessed


def _choose_id(table: Table, columns: Sequence[Column], source: Source) -> tuple[Column, ...]:
    """A column called so, or two, within whose values no time comes twice; else the first that is called so."""
    able = [column for column in columns if _may_be_id(column)]
    able.sort(key=lambda column: not column.has_word(ID_WORDS))
    for chosen in [*((column,) for column in able), *combinations(able, 2)]:
        series = _number_series(table, replace(source, id=tuple(column.name for column in chosen)))
        times = [column for column in columns if column not in chosen and _may_be_time(column, series, table)]
        if times and len(set(series)) <= len(series) / 4:
            return chosen
    return tuple(able[:1])


def _may_be_id(column: Column) -> bool:
    """Whether a column is called an id, its values whole, and each there four times at least on average."""
    few = 1 < column.n_different <= len(column.texts) / 4 and "" not in column.texts
    whole = not column.is_number or _are_whole(column.texts)
    return few and whole and column.has_word((*ID_WORDS, *GROUPING)) and not column.has_word(LABEL_WORDS)


def _number_series(table: Table, source: Source) -> list[str]:
    """What says which series each of the first rows belongs to."""
    columns = find_roles(table, source).id
    part = replace(table, columns=tuple(each.slice(0, SAMPLE) for each in table.columns))
    texts = [part.read_texts(column) for column in columns]
    return [" | ".join(text or "" for text in row) for row in zip(*texts, strict=True)] if texts else [""] * part.n_rows


def _may_be_time(column: Column, series: Sequence[str], table: Table) -> bool:
    """Whether a column is called a time, or is one by its type, and has no value twice in a series."""
    is_typed = pa.types.is_temporal(table.columns[column.at].type)
    if not (is_typed or column.has_word(TIME_WORDS)) or "" in column.texts:
        return False
    if len(set(zip(series, column.texts, strict=True))) < len(series):
        return False
    if is_typed or column.is_number:
        return True
    try:
        parse_instants(column.texts[:100], "a column")
    except DatasetError:
        return False
    return True


def _is_constant(column: Column, series: Sequence[str]) -> bool:
    return len(set(zip(series, column.texts, strict=True))) == len(set(series))


def _list_words(columns: Sequence[Column]) -> list[Column]:
    """Those that are called a label: of one recording, everything else may be a measurement."""
    return [column for column in columns if column.has_word(LABEL_WORDS)]


def _changes_label(table: Table, source: Source) -> bool:
    """Whether the label changes within a series."""
    columns = find_roles(table, source).label
    if not columns:
        return False
    series = _number_series(table, source)
    return not all(_is_constant(_look_at(table, column), series) for column in columns)


def describe_columns(table: Table, source: Source) -> list[dict[str, Any]]:
    """Each column's name, some of its values and its role; those of a run of timepoints together."""
    names = {*(table.names or ()), *map(str, range(1, len(table.columns) + 1)), "first", "last", "none"}
    known = {role: tuple(name for name in getattr(source, role) if name in names) for role in LISTS}
    if source.label and not known["label"]:
        known["label"] = ("none",)  # it is no column: a sub-folder, or a file
    source = replace(source, **known, time=source.time if source.time in names else None)  # type: ignore[arg-type]
    try:
        roles = find_roles(table, source)
    except DatasetError:
        roles = find_roles(table, replace(source, label=("none",), group=(), id=(), time=None, value=(), ignore=()))
    named: dict[int, str] = {}
    for role in ("ignore", "value", "time", "group", "label", "id"):
        found = getattr(roles, role)
        named |= dict.fromkeys((found,) if isinstance(found, int) else found or (), role)
    return list(_list_entries(table, roles, named))


def _list_entries(table: Table, roles: Roles, named: dict[int, str]) -> Iterator[dict[str, Any]]:
    runs = [] if roles.is_long else _find_runs(table, roles)
    starts = {run[0]: run for run in runs if run}
    inside = {at for run in runs for at in run}
    for at in range(len(table.columns)):
        column = _look_at(table, at)
        examples = list(dict.fromkeys(text[:40] for text in column.texts if text))[:SHOWN]
        if at in starts:
            last = table.names[starts[at][-1]] if table.names else str(starts[at][-1] + 1)
            yield {"name": f"{column.name} … {last}", "examples": examples, "role": "timepoint",
                   "count": len(starts[at])}  # fmt: skip
        elif at not in inside:
            role = named.get(at, "value" if is_list(table.columns[at]) or roles.is_long else None)
            yield {"name": column.name, "examples": examples or _show_lists(table, at), "role": role, "count": 1}


def _find_runs(table: Table, roles: Roles) -> list[list[int]]:
    """The columns of the timepoints, a list for each channel."""
    if table.names is None:
        return [list(roles.rest)] if len(roles.rest) > 1 else []
    try:
        run = find_run({column: table.names[column] for column in roles.rest}, table.subject)
    except DatasetError:
        return []
    return [sorted(row) for row in run.columns] if run is not None else []


def _show_lists(table: Table, at: int) -> list[str]:
    if not is_list(table.columns[at]):
        return []
    return [str(cell.as_py())[:40] for cell in table.columns[at].slice(0, 1)]

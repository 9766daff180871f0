"""Each column of a table has one role, given by flags; a few names speak for themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.data.cases import DatasetError
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table

LABELS = ("label", "class", "target", "y")
"""Names, in any case, of a label that need no flag."""
GROUPS = ("group",)
"""The same for a group."""
GROUPING = ("patient", "subject", "person", "user", "machine", "device", "unit", "site", "group")
"""Words in the names of columns that are likely groups."""

JOINT = " | "
"""Between the parts of a label, group or id that several columns make up."""


@dataclass(frozen=True)
class Roles:
    """Columns by their role, in the order of the flags; `rest` have none, in the order of the table."""

    label: tuple[int, ...]
    group: tuple[int, ...]
    id: tuple[int, ...]
    time: int | None
    value: tuple[int, ...]
    ignore: tuple[int, ...]
    rest: tuple[int, ...]

    @property
    def is_long(self) -> bool:
        """Whether the flags say that a row is one timepoint."""
        return bool(self.id or self.value or self.time is not None)


def find_roles(table: Table, settings: TableSettings) -> Roles:
    """The role of every column. DatasetError for a column that is not there, or that has two roles."""
    label = _find_columns(table, _list_names(settings.label), "label") or _find_known(table, LABELS, settings)
    if settings.label == ("none",):
        label = ()
    group = _find_columns(table, settings.group, "group") or _find_known(table, GROUPS, settings)
    times = _find_columns(table, () if settings.time is None else (settings.time,), "time")
    given = {
        "label": label,
        "group": group,
        "id": _find_columns(table, settings.id, "id"),
        "time": times,
        "value": _find_columns(table, settings.value, "value"),
        "ignore": _find_columns(table, settings.ignore, "ignore"),
    }
    _refuse_two_roles(table, given)
    taken = {column for columns in given.values() for column in columns}
    rest = tuple(column for column in range(len(table.columns)) if column not in taken)
    return Roles(label, group, given["id"], times[0] if times else None, given["value"], given["ignore"], rest)


def join_columns(table: Table, columns: Sequence[int]) -> list[object]:
    """A value per row: as it is of one column, joined as text of several."""
    if len(columns) == 1:
        return table.read_values(columns[0])
    parts = [table.read_texts(column) for column in columns]
    return [JOINT.join(part or "" for part in row) for row in zip(*parts, strict=True)]


def describe_columns(table: Table, columns: Sequence[int]) -> str:
    """Where a label or group comes from, in words."""
    listed = ", ".join(table.describe_column(column).removeprefix("column ") for column in columns)
    return f"column {listed}" if len(columns) == 1 else f"columns {listed}, joined by {JOINT!r}"


def _list_names(names: Sequence[str]) -> tuple[str, ...]:
    return () if tuple(names) == ("none",) else tuple(names)


def _find_columns(table: Table, names: Sequence[str], flag: str) -> tuple[int, ...]:
    return tuple(_find_column(table, name, flag) for name in names)


def _find_column(table: Table, name: str, flag: str) -> int:
    """By its name; else as `first`, `last` or a number from 1."""
    own = table.names or ()
    folded = name.strip().lower()
    exactly = [column for column, each in enumerate(own) if each == name]
    loosely = [column for column, each in enumerate(own) if each.strip().lower() == folded]
    for found in (exactly, loosely):
        if len(found) == 1:
            return found[0]
        if found:
            raise DatasetError(
                f"{table.subject} has {len(found)} columns called {name!r}. Give its number: "
                f"--{flag} {found[0] + 1}, for the first of them."
            )
    width = len(table.columns)
    if name in ("first", "last"):
        return 0 if name == "first" else width - 1
    if name.isdecimal() and 1 <= int(name) <= width:
        return int(name) - 1
    close = ", ".join(difflib.get_close_matches(name, own, n=3))
    listed = _list_some(own) if own else f"{width} of them without names, 1 to {width}"
    raise DatasetError(
        f"{table.subject} has no column {name!r}, which --{flag} names"
        f"{f'; close to it: {close}' if close else ''}. Its columns are {listed}."
    )


def _find_known(table: Table, known: Sequence[str], settings: TableSettings) -> tuple[int, ...]:
    """The column with a name that speaks for itself, unless a flag says what it is."""
    flagged = {*settings.group, *settings.label, *settings.ignore, *settings.value, *settings.id, settings.time}
    found = [
        column for column, name in enumerate(table.names or ()) if name.strip().lower() in known and name not in flagged
    ]
    if len(found) > 1:
        raise DatasetError(
            f"{table.subject} has {len(found)} columns with one of the names "
            f"{', '.join(sorted(known))}. Say which one it is: --{'label' if known is LABELS else 'group'} "
            f"{table.get_flag(found[0])} --ignore {table.get_flag(found[1])}."
        )
    return tuple(found)


def _refuse_two_roles(table: Table, given: dict[str, tuple[int, ...]]) -> None:
    """An id may be a label or a group as well: a patient, whose sessions are the series."""
    seen: dict[int, str] = {}
    for role, columns in given.items():
        for column in columns if role != "id" else ():
            if column in seen:
                raise DatasetError(
                    f"{table.name_column(column)} is given as --{seen[column]} and "
                    f"as --{role}. A column has one role: leave one of the two out."
                )
            seen[column] = role
    for column in given["id"]:
        if seen.get(column) in ("time", "value", "ignore"):
            raise DatasetError(f"{table.name_column(column)} is given as --id and as --{seen[column]}. Leave one out.")


def explain_leftovers(table: Table, columns: Sequence[int], why: str, flags: Sequence[str] = ()) -> DatasetError:
    """Columns that nothing names are asked for by name, with the flags to give; `flags` are further ones."""
    shown = "; ".join(_describe_leftovers(table, columns[:5]))
    more = f"; and {len(columns) - 5} more" if len(columns) > 5 else ""
    asked = (
        f"{table.subject} has {'a column' if len(columns) == 1 else f'{len(columns)} columns'} {why}: {shown}{more}. "
    )
    if len(columns) == 1:
        flag = table.get_flag(columns[0])
        others = "".join(f", --{each} {flag}" for each in flags)
        return DatasetError(
            f"{asked}Say what it is: --label {flag}, --group {flag} (a patient, a machine: never parted by a "
            f"split){others} or --ignore {flag}."
        )
    guessed = " ".join(f"--{_guess_role(table, column, flags)} {table.get_flag(column)}" for column in columns[:5])
    others = "".join(f", --{each}" for each in flags)
    return DatasetError(
        f"{asked}Say what each is by --label, --group (a patient, a machine: never parted by a split){others} or "
        f"--ignore; perhaps {guessed}?"
    )


def _guess_role(table: Table, column: int, flags: Sequence[str]) -> str:
    """What a column may be, by its name and its number of different values: to suggest a flag, never to read."""
    name = (table.names[column] if table.names else "").lower()
    n_different = len(set(table.read_texts(column)))
    if "time" in flags and (name == "t" or any(word in name for word in ("time", "date", "stamp"))):
        return "time"
    if any(word in name for word in GROUPING):
        return "group"
    return "label" if n_different <= max(2, min(20, table.n_rows // 4)) else "ignore"


def _describe_leftovers(table: Table, columns: Sequence[int]) -> Iterator[str]:
    for column in columns:
        named = table.names is not None and table.names[column]
        nameless = "" if named or table.names is None else " (no name; an index?)"
        yield f"{table.describe_column(column)}{nameless}, which holds {table.show_values(column)}"


def _list_some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"

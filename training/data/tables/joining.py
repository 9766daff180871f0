"""Tables of one series a file become one long table, with columns for the file, its folder and what a table of names
says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import pyarrow as pa

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.tables.long import read_long
from training.data.tables.roles import GROUPS, LABELS, find_roles
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table
from training.data.tables.wide import read_wide

FILES = ("file", "filename", "file_name", "name", "path")
"""Names, in any case, of the column of a table of names that says which file a row is about; else its first."""


@dataclass(frozen=True)
class Part:
    """One file's table, and its path below the folder."""

    path: PurePath
    table: Table


def read_parts(parts: Sequence[Part], names: Table | None, settings: TableSettings, where: str) -> Raw:
    """One series per file, or per file and id; `where` is the folder in words.

    Raises DatasetError for a file whose columns are other ones, or that the table of names does not have.
    """
    table = _stack(parts, where)
    headed = parts[0].table.names is not None
    folders = [part.path.parent.as_posix() for part in parts]
    added: dict[str, list[object]] = {"file": [part.path.as_posix() for part in parts]}
    if "folder" in (*settings.label, *settings.group) or (names is None and set(folders) != {"."}):
        added["folder"] = list(folders)
    if names is not None:
        found, notes = look_up_files([part.path for part in parts], names, settings)
        added |= found
        table = replace(table, notes=(*table.notes, *notes))
    table = _add_columns(table, added, [part.table.n_rows for part in parts])
    settings = replace(settings, id=("file", *settings.id))
    roles = find_roles(table, settings)
    if all(part.table.n_rows == 1 for part in parts) and not (roles.value or roles.time is not None):
        raw = read_wide(table, roles, settings)
    else:
        raw = read_long(table, roles, settings)
    return raw if headed else replace(raw, channel_names=None, units=None)


def _stack(parts: Sequence[Part], where: str) -> Table:
    """The rows of all files, one after the other; columns in the order of the first file."""
    first = parts[0].table
    names = first.names or tuple(str(number + 1) for number in range(len(first.columns)))
    if len(set(names)) < len(names):
        raise DatasetError(f"{first.subject} has two columns of one name. Rename one of them, in all files alike.")
    tables = []
    for part in parts:
        own = part.table.names or tuple(str(number + 1) for number in range(len(part.table.columns)))
        if sorted(own) != sorted(names) or (part.table.names is None) != (first.names is None):
            raise DatasetError(
                f"{part.table.subject} has the columns {_list_some(own)}, but {first.where} has {_list_some(names)}. "
                "The files of a folder, one series each, have equal columns: move this one elsewhere, or give it with "
                "--names if it says what the others are."
            )
        tables.append(pa.table(dict(zip(own, part.table.columns, strict=True))).select(list(names)))
    try:
        whole = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    except pa.ArrowException as error:
        raise DatasetError(
            f"The columns of {where} are of other types in other files: {error}. Make them alike."
        ) from error
    starts = [0]
    for part in parts[:-1]:
        starts.append(starts[-1] + part.table.n_rows)
    lines = [line for part in parts for line in part.table.lines or ()]
    notes = dict.fromkeys(note for part in parts for note in part.table.notes)
    return Table(
        where,
        names,
        tuple(whole.column(name).combine_chunks() for name in names),
        lines or None,
        units=first.units,
        notes=tuple(notes),
        parts=tuple((start, part.path.as_posix()) for start, part in zip(starts, parts, strict=True)),
    )


def _add_columns(table: Table, added: dict[str, list[object]], counts: Sequence[int]) -> Table:
    """Columns of one value per file, repeated for each of its rows."""
    names = table.names or ()
    for name in added:
        if name in names:
            raise DatasetError(
                f"The files of {table.where} have a column {name!r}, which is also what their {name} would be called. "
                "Rename that column in all files."
            )
    numbers = pa.array([number for number, count in enumerate(counts) for _ in range(count)])
    columns = [pa.array(values).take(numbers) for values in added.values()]
    return replace(table, names=(*names, *added), columns=(*table.columns, *columns))


def look_up_files(
    paths: Sequence[PurePath], names: Table, settings: TableSettings
) -> tuple[dict[str, list[object]], list[str]]:
    """The columns of the table of names that are a label or a group, a value per file; and what was not used."""
    own = names.names
    if own is None:
        raise DatasetError(f"{names.subject} has no header. Name its columns: 'file', and those for label and group.")
    column = next((at for at, name in enumerate(own) if name.strip().lower() in FILES), 0)
    rows: dict[str, int] = {}
    for row, text in enumerate(names.read_texts(column)):
        rows[text or ""] = row
    chosen = [_find_row(path, rows, names) for path in paths]
    wanted = {*settings.label, *settings.group}
    used = [
        at for at, name in enumerate(own)
        if at != column and (name in wanted or (name.strip().lower() in (*LABELS, *GROUPS) and not wanted))
    ]  # fmt: skip
    notes = []
    if unused := [own[at] for at in range(len(own)) if at != column and at not in used]:
        notes.append(f"columns of {names.where} that are neither label nor group were not used: {', '.join(unused)}")
    if len(set(chosen)) < names.n_rows:
        notes.append(f"{names.where} names {names.n_rows - len(set(chosen))} files that are not there")
    return {own[at]: [names.read_values(at)[row] for row in chosen] for at in used}, notes


def _find_row(path: PurePath, rows: dict[str, int], names: Table) -> int:
    for form in (path.as_posix(), path.name, path.stem):
        if form in rows:
            return rows[form]
    raise DatasetError(
        f"{names.subject} has no row for the file {path.as_posix()}; it names files such as "
        f"{', '.join(list(rows)[:3])}. Add a row for it, or move the file elsewhere."
    )


def _list_some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"

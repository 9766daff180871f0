"""A table becomes series, whichever way it is laid out."""

from __future__ import annotations

from training.data.cases import DatasetError
from training.data.raw import Raw
from training.data.tables.long import read_long
from training.data.tables.nested import read_nested
from training.data.tables.roles import describe_columns, find_roles, join_columns
from training.data.tables.settings import TableSettings
from training.data.tables.table import Table, is_list
from training.data.tables.wide import has_run, read_wide


def read_table(table: Table, settings: TableSettings) -> Raw:
    """Series of a long table where flags say that it is one; of columns of lists; else of a wide table.

    Raises DatasetError for whatever does not fit, by its name and its line.
    """
    if not table.n_rows:
        raise DatasetError(f"{table.subject} holds no rows. Give a table with series in it.")
    roles = find_roles(table, settings)
    if roles.id and has_run(table, roles) and len(set(join_columns(table, roles.id))) == table.n_rows:
        raise DatasetError(
            f"{table.subject} has timepoints as columns, and a row per value of {describe_columns(table, roles.id)}, "
            "so a row is a series. Leave that column out with --ignore; --id is for tables of one timepoint a row."
        )
    if (roles.is_long and any(is_list(table.columns[column]) for column in roles.value)) or (
        not roles.is_long and any(is_list(table.columns[column]) for column in roles.rest)
    ):
        return read_nested(table, roles, settings)
    # What is cut into windows is a recording, an instant a row, unless the columns are its timepoints.
    is_long = roles.is_long or (settings.window is not None and not has_run(table, roles))
    return (read_long if is_long else read_wide)(table, roles, settings)

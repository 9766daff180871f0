"""Labels and groups of a table of one series a row."""

from __future__ import annotations

from typing import Any

from training.data.tables.roles import Roles, describe_columns, join_columns
from training.data.tables.table import Table


def name_labels(table: Table, roles: Roles) -> dict[str, Any]:
    """The fields of `Raw` that say what the labels and groups of the rows are, and where they come from."""
    labels = _write_booleans(join_columns(table, roles.label)) if roles.label else None
    groups = [_write_whole(value) for value in join_columns(table, roles.group)] if roles.group else None
    return {
        "labels": labels,
        "groups": groups,
        "plain_integers": True,
        "label_origin": describe_columns(table, roles.label) if roles.label else None,
        "group_origin": describe_columns(table, roles.group) if roles.group else None,
    }


def _write_booleans(values: list[object]) -> list[object]:
    """Typed files hold labels such as true and false, of which a bundle keeps the words."""
    return [str(value) if isinstance(value, bool) else value for value in values]


def _write_whole(value: object) -> object:
    """A column of whole numbers that misses one is of floats, in typed files."""
    if isinstance(value, bool):
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value

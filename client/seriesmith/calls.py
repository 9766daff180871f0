"""A call: what is asked of a server, and how the answer is read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from seriesmith.reading import Fields, list_columns, read_answer

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request: an operation's name, its series `[n_cases, …]` and its other fields.

    `parts`: whether the answer comes in parts. `columns` are its fields that have one entry per case, with the numpy
    type of none. `page`: whether `operation` is the path of a page instead, which `method` asks for; its fields, where
    there are any, are the body, or that is a `file`. `into`: the file, or folder, that the answer goes to. `seconds`:
    how long it may take, where the client's timeout is shorter.
    """

    operation: str
    read: Callable[[Fields], Answer]
    fields: dict[str, Any] = field(default_factory=dict)
    series: NDArray[np.float32] | None = None
    parts: bool = False
    columns: Mapping[str, type[np.generic]] = field(default_factory=dict)
    page: bool = False
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    into: Path | None = None
    seconds: float = 0.0


def make_call(
    operation: str,
    answer: type[Answer],
    fields: Mapping[str, Any],
    series: NDArray[np.float32] | None = None,
    parts: bool = False,
) -> Call[Answer]:
    """Make the call of an operation; fields that are None are left out, and numpy's numbers become Python's."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in fields.items()}
    given = {name: value for name, value in plain.items() if value is not None}
    return Call(operation, partial(read_answer, answer), given, series, parts, list_columns(cast(Hashable, answer)))


def list_chosen(**chosen: bool) -> list[str] | None:
    """Return the names that are true; None where none is."""
    return [name for name, true in chosen.items() if true] or None

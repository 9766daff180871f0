"""How a row of a mounted package describes itself for the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from bundle.errors import SeriesmithError


@dataclass(frozen=True)
class Described:
    """One method of one path: what it does, what it takes and what it answers.

    `path` is the row's, its groups by their names. Of `body` and `answer` pydantic makes the schema, and of `query` the
    parameters behind the question mark; a body that is no JSON has a `body_type` and no model, an answer that is no
    JSON an `answer_type` and none. `refusals` are those beside the ones that every path has.
    """

    tag: str
    method: str
    path: str
    name: str
    """The operationId: of one path alone."""
    summary: str
    answer: Any = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    body_type: str = "application/json"
    answer_type: str = "application/json"
    body_required: bool = True
    parameters: tuple[tuple[str, str], ...] = ()
    """What each group of the path is, by its name."""
    refusals: tuple[type[SeriesmithError], ...] = ()
    keyed: bool = True
    """Whether it wants a key where the server has any."""

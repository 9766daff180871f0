"""Values that are checked as they come: unknown keys refused, types not coerced, bounded, finite numbers only."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

INTEGERS = range(-(2**63), 2**63)
"""Integers that every reader of JSON and every writer that we use can hold."""

MOST_TEXT = 10_000
"""Most characters of one text, or of one key."""

MOST_ITEMS = 10_000
"""Most items of one list, or keys of one object."""

MOST_DEPTH = 20
"""Lists and objects inside each other."""

MOST_LETTERS = 200
"""Most characters of a name, a label, a unit."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1, lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Text = Annotated[str, Field(max_length=MOST_LETTERS)]
"""A name, a label, a unit: one line of an answer."""


class Strict(BaseModel):
    """Unknown keys are refused, types are not coerced, values do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def find_unwritable(value: Any, place: str = "", depth: int = 0) -> str | None:
    """What in plain JSON data cannot be written as JSON again, or is out of bounds, and where; None when all can be."""
    where = f"at {place[:200]}" if place else "at the top"
    if isinstance(value, str):
        return _find_wrong_text(value, where)
    if isinstance(value, int) and not isinstance(value, bool):
        return None if value in INTEGERS else f"an integer {where} has more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"a number {where} is not finite"
    if not isinstance(value, (list, dict)):
        return None
    if depth == MOST_DEPTH:
        return f"lists and objects {where} lie more than {MOST_DEPTH} deep"
    if len(value) > MOST_ITEMS:
        return f"there are {len(value)} items {where}; there may be {MOST_ITEMS}"
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(key, str) and (wrong := _find_wrong_text(key, where)):
            return wrong
        if wrong := find_unwritable(item, f"{place}.{key}".lstrip("."), depth + 1):
            return wrong
    return None


def _find_wrong_text(text: str, where: str) -> str | None:
    if len(text) > MOST_TEXT:
        return f"a text {where} has {len(text)} characters; it may have {MOST_TEXT}"
    return f"a text {where} holds half a character" if re.search("[\ud800-\udfff]", text) else None

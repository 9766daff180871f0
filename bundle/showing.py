"""Shows values in error messages: always short, and at a cost that does not grow with the value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

SHOWN = 60
"""Characters of a value in a message."""

DEEPEST = 8
"""Lists within lists that are looked into: they hold no more than two characters each, and SHOWN are enough."""

LONGEST_BITS = 4 * SHOWN
"""Of an integer that is written out."""


def show(value: object, length: int = SHOWN) -> str:
    """`repr(value)`, cut after about `length` characters; no more of the value is walked than is shown."""
    text = _shorten(value, length, 0)
    return text if len(text) <= length else text[:length] + " …"


def _shorten(value: object, length: int, depth: int) -> str:
    if isinstance(value, (str, bytes)):
        return repr(value[: length + 1])
    if isinstance(value, int) and value.bit_length() > LONGEST_BITS:
        return f"an integer of {value.bit_length()} bits"
    if depth == DEEPEST and isinstance(value, (list, tuple, dict)):
        return "…"
    if isinstance(value, (list, tuple)):
        return "[" + _join((_shorten(item, length, depth + 1) for item in value), length) + "]"
    if isinstance(value, dict):
        pairs = (
            f"{_shorten(name, length, depth + 1)}: {_shorten(item, length, depth + 1)}" for name, item in value.items()
        )
        return "{" + _join(pairs, length) + "}"
    return repr(value)


def _join(parts: Iterator[str], length: int) -> str:
    """Join as many parts as there is room for, and one more."""
    taken: list[str] = []
    size = 0
    for part in _take_at_most(parts, length):
        taken.append(part)
        size += len(part) + 2
        if size > length:
            break
    return ", ".join(taken)


def _take_at_most(parts: Iterable[str], count: int) -> Iterator[str]:
    return islice(iter(parts), count)

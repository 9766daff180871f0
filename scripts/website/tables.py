"""Tables of Markdown, whatever text their cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def make_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table; a line break in a cell becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_write_cell, cells)) + " |" for cells in lines) + "\n"


def _write_cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\|", " ".join(text.split()))


def as_text(text: str) -> str:
    """Return prose of the code as Markdown that reads the same: no link, tag or emphasis outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\[\]<*])", r"\\\1", part) for part in parts)


def as_code(value: object) -> str:
    """Return a value as code; nothing for an empty text."""
    text = str(value)
    return f"`{text}`" if text else ""

"""Writes docstrings of the client's modules from what operations say of themselves."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator

WIDTH = 115


def write_docstring(paragraphs: Iterable[str]) -> Iterator[str]:
    """Yield a docstring, indented as that of a function; see `list_lines` for paragraphs that are lists."""
    text = "\n\n".join(_wrap(paragraph) for paragraph in paragraphs if paragraph)
    body = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
    yield textwrap.indent(body.replace("\\", "\\\\"), "    ", lambda line: bool(line.strip()))


def list_lines(described: Iterable[tuple[str, str]]) -> str:
    """Return a paragraph of a line for each name with its words."""
    return "\n".join(f"{name}: {words}" for name, words in described if words)


def _wrap(text: str) -> str:
    """Wrap each paragraph of a text, or each of its lines where it is a list; axes are written as in Python."""
    wrapped = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first = paragraph.split("\n")[0].split(": ")[0]
        lines = paragraph.split("\n") if first.isidentifier() else [" ".join(paragraph.split())]
        wrapped.append("\n".join(textwrap.fill(line, WIDTH) for line in lines))
    return "\n\n".join(wrapped).replace("][", ", ")

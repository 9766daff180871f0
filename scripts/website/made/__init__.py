"""Pages that follow from the code, a module each: `make_pages()` returns their Markdown by uri."""

from __future__ import annotations

from bundle.finding import import_modules


def make_pages() -> dict[str, str]:
    """Make every page; a module of this package is found by its `make_pages`."""
    return {uri: text for _, module in import_modules(__name__) for uri, text in module.make_pages().items()}

"""Names and tags of datasets, and the words that a search finds them by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bundle.errors import InvalidRequest

MOST_LETTERS, MOST_TAG_LETTERS, MOST_TAGS = 100, 50, 20


def check_name(name: str) -> str:
    """The name without blanks around it. Raises `InvalidRequest`."""
    stripped = name.strip()
    if not stripped or len(stripped) > MOST_LETTERS or not stripped.isprintable():
        raise InvalidRequest(
            f"the name {name[:MOST_LETTERS]!r} is none for a dataset; send 1 to {MOST_LETTERS} printable characters.",
            "name",
        )
    return stripped


def check_tags(tags: Sequence[str]) -> list[str]:
    """The tags, each once, without blanks around them. Raises `InvalidRequest`."""
    stripped = list(dict.fromkeys(tag.strip() for tag in tags))
    for tag in stripped:
        if not tag or len(tag) > MOST_TAG_LETTERS or not tag.isprintable():
            raise InvalidRequest(
                f"{tag[:MOST_TAG_LETTERS]!r} is no tag; send 1 to {MOST_TAG_LETTERS} printable characters.", "tags"
            )
    if len(stripped) > MOST_TAGS:
        raise InvalidRequest(f"{len(stripped)} tags came; a dataset has {MOST_TAGS} at most.", "tags")
    return stripped


def write_words(name: str, tags: Sequence[str], source: dict[str, Any]) -> str:
    """What a search looks through: a line each in lower case, between line ends."""
    lines = [name, str(source.get("filename", "")), *map(write_tag, tags)]
    return "\n" + "\n".join(line.casefold() for line in lines) + "\n"


def write_tag(tag: str) -> str:
    """A tag's line among the words."""
    return f"#{tag.casefold()}"

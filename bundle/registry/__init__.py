"""Repositories of bundles elsewhere, by URL: what a registry is, whichever kind it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from bundle.errors import Unavailable
from bundle.looking import Name

Key = tuple[str, int]
"""A bundle's name and version."""


class Unreachable(Unavailable):
    """A registry does not answer now, or not so that anything could be learned from it; it may later."""


@dataclass(frozen=True)
class Listed(Name):
    """What a registry holds under one name, and which version each alias stands for."""

    aliases: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """The bytes of a bundle's files, and when it was written, where that is known."""

    n_bytes: int
    written: datetime | None = None


class Registry(Protocol):
    """Names and versions of bundles, which never change once they are there. Every method may raise `Unreachable`."""

    place: str
    """Where it is, as it may be shown: without passwords."""

    def look(self) -> dict[str, Listed]:
        """List every name that has a version; nothing where there is none."""

    def open(self, key: Key, file: str) -> AbstractContextManager[BinaryIO]:
        """Open a file of a bundle. Raises `FileNotFoundError` where it is not there."""

    def measure(self, key: Key) -> Stored:
        """Return what a bundle takes, and since when. Raises `FileNotFoundError` where it is not there."""

    def add(self, key: Key, directory: Path, files: Sequence[str]) -> None:
        """Add these files of a bundle that is not there yet, the last of them when all others are there.

        Raises `Unsupported` where nothing can be written.
        """

    def retire(self, key: Key) -> None:
        """Mark a version as not to be served. Raises `NotFound`, and `Unsupported` where nothing can be written."""

    def restore(self, key: Key) -> None:
        """Take that mark away. Raises as `retire` does."""

    def remove(self, key: Key) -> None:
        """Remove a version for good. Raises as `retire` does."""

    def set_alias(self, key: Key, alias: str) -> None:
        """Have an alias of a name stand for a version. Raises as `retire` does."""

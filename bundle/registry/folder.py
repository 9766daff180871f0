"""A repository in a folder, as a registry: this machine's own, or one that is mounted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from bundle import retiring
from bundle.errors import BundleError, NotFound, Unsupported
from bundle.looking import Name, look
from bundle.pruning import remove_version
from bundle.registry import Key, Listed, Unreachable
from bundle.registry.aliases import ALIASES_BYTES, read_aliases, write_aliases
from bundle.registry.aliases import FILE as ALIASES
from bundle.registry.fetching import fetch
from bundle.writing import write_whole


class FolderRegistry:
    """See `Registry`."""

    def __init__(self, root: Path) -> None:
        self.root, self.place = root, str(root)

    def look(self) -> dict[str, Listed]:
        """See `Registry`."""
        try:
            return {name: self._list(name, seen) for name, seen in look(self.root).items()}
        except NotFound as error:
            raise Unreachable(error.message) from error

    def _list(self, name: str, seen: Name) -> Listed:
        known = {each.name: getattr(seen, each.name) for each in fields(Name)}
        try:
            return Listed(**known, aliases=self._read_aliases(name))
        except BundleError as error:
            return Listed(**known | {"error": error.message})

    def _read_aliases(self, name: str) -> dict[str, int]:
        try:
            with (self.root / name / ALIASES).open("rb") as file:
                return read_aliases(file.read(ALIASES_BYTES))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BundleError(f"{ALIASES} cannot be read: {error.strerror}.") from error

    @contextmanager
    def open(self, key: Key, file: str) -> Iterator[BinaryIO]:
        """See `Registry`."""
        try:
            source = (self._find(key) / file).open("rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(file) from error
        except OSError as error:
            raise Unreachable(f"{file} of {self.place} cannot be read: {error.strerror}.") from error
        with source:
            yield source

    def measure(self, key: Key) -> int:
        """See `Registry`."""
        return sum(path.stat().st_size for path in self._find(key).rglob("*") if path.is_file())

    def add(self, key: Key, directory: Path, files: Sequence[str]) -> None:
        """See `Registry`."""
        fetch(FolderRegistry(directory.parents[1]), key, self.root)

    def retire(self, key: Key) -> None:
        """See `Registry`."""
        seen = look(self.root).get(key[0], Name())
        retiring.retire(self.root / key[0], key[1], seen.versions)

    def restore(self, key: Key) -> None:
        """See `Registry`."""
        retiring.restore(self.root / key[0], key[1])

    def remove(self, key: Key) -> None:
        """See `Registry`."""
        remove_version(self.root / key[0], key[1])

    def set_alias(self, key: Key, alias: str) -> None:
        """See `Registry`."""
        try:
            aliases = self._read_aliases(key[0]) | {alias: key[1]}
            write_whole(self.root / key[0] / ALIASES, write_aliases(aliases))
        except OSError as error:
            raise Unsupported(f"{self.place} cannot be written: {error.strerror}.") from error

    def _find(self, key: Key) -> Path:
        return self.root / key[0] / str(key[1])

"""A repository in a folder, as a registry: this machine's own, or one that is mounted."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bundle import retiring
from bundle.errors import BundleError, NotFound, Unsupported
from bundle.looking import Name, look
from bundle.pruning import remove_version
from bundle.reading import READ
from bundle.registry import Key, Listed, Stored, Unreachable
from bundle.registry.aliases import ALIASES_BYTES, read_aliases, write_aliases
from bundle.registry.aliases import FILE as ALIASES
from bundle.registry.fetching import MANIFEST, fetch
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
        """See `Registry`. No link is followed, and only regular files are read."""
        try:
            source = os.fdopen(_open_regular(self._find(key), file), "rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError(file) from error
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise BundleError(f"{file} must be a regular file, and not a link.") from error
            raise Unreachable(f"{file} of {self.place} cannot be read: {error.strerror}.") from error
        with source:
            yield source

    def measure(self, key: Key) -> Stored:
        """See `Registry`."""
        written = datetime.fromtimestamp((self._find(key) / MANIFEST).stat().st_mtime, UTC)
        n_bytes = sum(path.stat().st_size for path in self._find(key).rglob("*") if path.is_file())
        return Stored(n_bytes, written)

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


def _open_regular(directory: Path, file: str) -> int:
    folder = os.open(directory, READ | os.O_DIRECTORY)
    try:
        descriptor = os.open(file, READ | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, "no regular file")
    return descriptor

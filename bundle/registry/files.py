"""A repository of bundles wherever fsspec reaches: s3://, gs://, http://, memory:// …; laid out as one in a folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec

from bundle.errors import BundleError, SeriesmithError, Unsupported
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN
from bundle.registry import Key, Listed, Stored, Unreachable
from bundle.registry.address import hide_password
from bundle.registry.aliases import ALIASES_BYTES, read_aliases, write_aliases
from bundle.registry.aliases import FILE as ALIASES
from bundle.registry.fetching import MANIFEST, read_up_to
from bundle.retiring import PREFIX as RETIRED
from bundle.retiring import find_retired
from bundle.unloading import MARK as UNLOADED
from bundle.unloading import MARK_BYTES, read_mark


class FileRegistry:
    """See `Registry`. An object store renames nothing: a version is there once its manifest is."""

    def __init__(self, url: str) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self._root, self.place = root.rstrip("/"), hide_password(url)

    def look(self) -> dict[str, Listed]:
        """See `Registry`."""
        self._files.invalidate_cache()  # file systems keep listings
        names = [name for name in self._list(self._root) if re.fullmatch(NAME_PATTERN, name)]
        found = {name: self._look_at(name) for name in sorted(names)}
        return {name: listed for name, listed in found.items() if listed.versions}

    def _look_at(self, name: str) -> Listed:
        held = set(self._list(self._join(name)))
        versions = frozenset(int(each) for each in held if re.fullmatch(VERSION_PATTERN, each))
        try:
            unloaded = read_mark(self._read(f"{name}/{UNLOADED}", MARK_BYTES)) if UNLOADED in held else 0
            aliases = read_aliases(self._read(f"{name}/{ALIASES}", ALIASES_BYTES)) if ALIASES in held else {}
        except BundleError as error:
            return Listed(versions, error=error.message)
        return Listed(versions, unloaded, find_retired(held), aliases=aliases)

    @contextmanager
    def open(self, key: Key, file: str) -> Iterator[BinaryIO]:
        """See `Registry`."""
        with self._explain():
            source = self._files.open(self._join(_place(key, file)), "rb")
        try:
            yield cast(BinaryIO, _Reader(source, self._explain))
        finally:
            source.close()

    def measure(self, key: Key) -> Stored:
        """See `Registry`."""
        with self._explain():
            entries = self._files.ls(self._join(_place(key)), detail=True)
        return Stored(sum(int(entry["size"] or 0) for entry in entries), self._find_time(key))

    def _find_time(self, key: Key) -> datetime | None:
        try:
            return cast(datetime, self._files.modified(self._join(_place(key, MANIFEST)))).astimezone(UTC)
        except Exception:  # not every file system knows
            return None

    def add(self, key: Key, directory: Path, files: Sequence[str]) -> None:
        """See `Registry`."""
        with self._explain(writing=True):
            self._files.makedirs(self._join(_place(key)), exist_ok=True)
            for file in files:
                self._files.put_file(str(directory / file), self._join(_place(key, file)))

    def retire(self, key: Key) -> None:
        """See `Registry`."""
        self._write(f"{key[0]}/{RETIRED}{key[1]}", b"")

    def restore(self, key: Key) -> None:
        """See `Registry`."""
        with self._explain(writing=True), suppress(FileNotFoundError):
            self._files.rm_file(self._join(f"{key[0]}/{RETIRED}{key[1]}"))

    def remove(self, key: Key) -> None:
        """See `Registry`. The manifest goes first: without one it is no version."""
        with self._explain(writing=True):
            with suppress(FileNotFoundError):
                self._files.rm_file(self._join(_place(key, MANIFEST)))
            with suppress(FileNotFoundError):
                self._files.rm(self._join(_place(key)), recursive=True)
        self.restore(key)

    def set_alias(self, key: Key, alias: str) -> None:
        """See `Registry`."""
        place = f"{key[0]}/{ALIASES}"
        try:
            aliases = read_aliases(self._read(place, ALIASES_BYTES))
        except FileNotFoundError:
            aliases = {}
        self._write(place, write_aliases(aliases | {alias: key[1]}))

    def _list(self, path: str) -> list[str]:
        """Names in a folder; none where there is no folder."""
        try:
            with self._explain():
                listed = self._files.ls(path, detail=True)
        except FileNotFoundError:
            return []
        return [entry["name"].rstrip("/").rpartition("/")[2] for entry in listed]

    def _read(self, place: str, most: int) -> bytes:
        with self._explain(), self._files.open(self._join(place), "rb") as file:
            return read_up_to(file, most)

    def _write(self, place: str, content: bytes) -> None:
        with self._explain(writing=True):
            self._files.pipe_file(self._join(place), content)

    def _join(self, place: str) -> str:
        return f"{self._root}/{place}"

    @contextmanager
    def _explain(self, writing: bool = False) -> Iterator[None]:
        """Have every file system's errors be ours."""
        try:
            yield
        except (FileNotFoundError, SeriesmithError):
            raise
        except (PermissionError, NotImplementedError) as error:
            if writing:
                raise Unsupported(f"{self.place} cannot be written: {_shorten(error)}.") from error
            raise Unreachable(f"{self.place} may not be read: {_shorten(error)}.") from error
        except Exception as error:
            raise Unreachable(f"{self.place} does not answer: {_shorten(error)}.") from error


class _Reader:
    """An open file whose errors are ours; those of who reads it stay theirs."""

    def __init__(self, source: BinaryIO, explain: Callable[[], AbstractContextManager[None]]) -> None:
        self._source, self._explain = source, explain

    def read(self, most: int) -> bytes:
        """Return `most` bytes at most, none at the end."""
        with self._explain():
            return self._source.read(most)


def open_url(url: str) -> FileRegistry:
    """See `bundle.registry.opening`."""
    return FileRegistry(url)


def _place(key: Key, file: str = "") -> str:
    return f"{key[0]}/{key[1]}/{file}".rstrip("/")


def _shorten(error: Any) -> str:
    return hide_password(str(error) or type(error).__name__).strip(". ")[:300]

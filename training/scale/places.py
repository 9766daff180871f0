"""A file in a folder, or under a URL, appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from typing import BinaryIO

from fsspec.core import url_to_fs

from training.settings import ConfigurationError

PUTS_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"})
"""Protocols of stores in which an object is there once all of it is."""

TEMPORARY = ".tmp"
"""The end of the names under which files are written that are not whole yet; they begin with a dot."""


class Place:
    """A folder, by its path or by a URL that fsspec knows (s3://bucket/folder, gs://…). It pickles as its whole URL:
    other processes have other working folders.

    Every method raises `OSError` where the store refuses.
    """

    def __init__(self, url: str) -> None:
        """Raises `ConfigurationError` for a URL that nothing installed reads."""
        self.url = url
        try:
            self._files, root = url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"{url} cannot be reached: {error}. Give a folder, or a URL of those.") from error
        self._root: str = root.rstrip("/") or "/"
        names = self._files.protocol
        self._puts_whole = not PUTS_WHOLE.isdisjoint((names,) if isinstance(names, str) else names)

    def __reduce__(self) -> tuple[type[Place], tuple[str]]:
        return Place, (self._files.unstrip_protocol(self._root),)

    def list_files(self) -> dict[str, int]:
        """Bytes of each file in the folder, by name; none where there is no folder yet."""
        self._files.invalidate_cache()
        try:
            entries = self._files.ls(self._root, detail=True)
        except FileNotFoundError:
            return {}
        except OSError:
            raise
        except Exception as error:  # stores raise their own types, of no common base
            raise OSError(f"{self.url} cannot be listed: {error}") from error
        return {os.path.basename(entry["name"]): entry["size"] for entry in entries if entry["type"] == "file"}

    def open(self, name: str) -> BinaryIO:
        """Open a file to read it from any position."""
        file: BinaryIO = self._files.open(self._find(name), "rb")
        return file

    def read(self, name: str) -> bytes:
        """Read a whole file. Raises `FileNotFoundError`."""
        content: bytes = self._files.cat_file(self._find(name))
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in place of the one of that name: readers see the one or the other, never a part."""
        if self._puts_whole:
            self._files.pipe_file(self._find(name), content)
            return
        self._files.makedirs(self._root, exist_ok=True)
        temporary = self._find(f".{name}.{secrets.token_hex(8)}{TEMPORARY}")
        self._files.pipe_file(temporary, content)
        self._files.mv(temporary, self._find(name))

    def remove_leftovers(self) -> None:
        """Remove what writers left that were killed; nobody may be writing."""
        for name in self.list_files():
            if name.startswith(".") and name.endswith(TEMPORARY):
                self._files.rm_file(self._find(name))

    def _find(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

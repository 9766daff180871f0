"""Copies a bundle out of a registry into a repository's folder: whole and as its manifest says, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bundle.errors import BundleError
from bundle.leftovers import Workplace, remove_leftovers
from bundle.manifest import Manifest, check_name, read_manifest
from bundle.reading import MANIFEST_BYTES, MOST_BYTES, Folder, Unreadable
from bundle.registry import Key, Registry
from bundle.signing import FILE as SIGNATURE
from bundle.signing import SIGNATURE_BYTES
from bundle.writing import synchronise_folder

MANIFEST = "manifest.json"
PIECE = 2**20


def fetch(registry: Registry, key: Key, root: Path, most_bytes: int = MOST_BYTES) -> Path:
    """Write `root/<name>/<version>/` and return its path; nothing is read where it is there already.

    Only what the manifest lists is read, with the manifest and its signature. Raises `Unreachable`, `Unreadable` where
    the bundle is not there whole, and `BundleError` where it is not what its manifest says, has more than `most_bytes`,
    or cannot be written.
    """
    parent = root / check_name(key[0])
    if (directory := parent / str(key[1])).is_dir():
        return directory
    try:
        parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(parent)
        with Workplace(parent) as workplace:
            _Copying(registry, key, workplace.path, most_bytes).copy_all()
            synchronise_folder(workplace.path)
            with suppress(FileExistsError):  # another process was quicker
                _rename(workplace.path, directory)
        synchronise_folder(parent)
    except FileNotFoundError as error:
        raise Unreadable(f"{error} is not there (yet), in {registry.place}.") from error
    except OSError as error:
        raise BundleError(f"it cannot be kept in {root}: {error.strerror}.") from error
    return directory


def read_remote_manifest(registry: Registry, key: Key) -> bytes:
    """Read a bundle's manifest.json. Raises `Unreachable`, and `Unreadable` or `BundleError`."""
    try:
        with registry.open(key, MANIFEST) as source:
            content = read_up_to(source, MANIFEST_BYTES + 1)
    except FileNotFoundError as error:
        raise Unreadable(f"{MANIFEST} is not there (yet), in {registry.place}.") from error
    if len(content) > MANIFEST_BYTES:
        raise BundleError(f"{MANIFEST} has more than {MANIFEST_BYTES} bytes.")
    return content


def read_up_to(source: BinaryIO, most: int) -> bytes:
    """Read `most` bytes, or to the end; a single `read` of a connection may give less."""
    pieces: list[bytes] = []
    while most > 0 and (piece := source.read(min(most, PIECE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def is_whole(directory: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Whether a bundle's files on disk are those that its manifest lists."""
    try:
        with Folder(directory, most_bytes) as folder:
            manifest = read_manifest(folder.read(MANIFEST, MANIFEST_BYTES))
            return all(hashlib.sha256(folder.read(file)).hexdigest() == sha for file, sha in manifest.files.items())
    except BundleError:
        return False


def read_own_manifest(directory: Path) -> Manifest:
    """Read and check the manifest at `<name>/<version>/`, and its files' hashes. Raises `BundleError`."""
    with Folder(directory) as folder:
        manifest = read_manifest(folder.read(MANIFEST, MANIFEST_BYTES))
    _check_place(manifest, (directory.parent.name, int(directory.name)))
    if not is_whole(directory):
        raise BundleError(f"{directory} is not what its manifest says: a file is missing, or its SHA-256 another.")
    return manifest


class _Copying:
    """One bundle being copied into a new folder; `left` bytes may still come."""

    def __init__(self, registry: Registry, key: Key, folder: Path, most_bytes: int) -> None:
        self._registry, self._key, self._folder = registry, key, folder
        self._most = self._left = most_bytes

    def copy_all(self) -> None:
        content = read_remote_manifest(self._registry, self._key)
        manifest = read_manifest(content)
        _check_place(manifest, self._key)
        (self._folder / MANIFEST).write_bytes(content)
        self._left -= len(content)
        for file, sha256 in manifest.files.items():
            if self._copy(file) != sha256:
                raise BundleError(f"{file} is not the file that was published: its SHA-256 differs.")
        with suppress(FileNotFoundError):
            self._copy(SIGNATURE, SIGNATURE_BYTES)

    def _copy(self, file: str, most: int | None = None) -> str:
        """Copy a file and return its SHA-256."""
        sha256, bound = hashlib.sha256(), self._left if most is None else min(most, self._left)
        with self._registry.open(self._key, file) as source, (self._folder / file).open("xb") as target:
            while piece := source.read(PIECE):
                bound -= len(piece)
                self._left -= len(piece)
                if bound < 0:
                    raise BundleError(f"{file} is too large; all files of a bundle may have {self._most} bytes.")
                sha256.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        return sha256.hexdigest()


def _check_place(manifest: Manifest, key: Key) -> None:
    if (manifest.name, manifest.version) != key:
        raise BundleError(f"it lies at {key[0]}/{key[1]}, and says that it is {manifest.name}/{manifest.version}.")


def _rename(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise FileExistsError from error
        raise

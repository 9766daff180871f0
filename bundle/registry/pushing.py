"""Adds a bundle of a repository's folder to a registry; a version that is there is never written over."""

from __future__ import annotations

from pathlib import Path

from bundle.errors import BundleError
from bundle.reading import Unreadable
from bundle.registry import Registry
from bundle.registry.fetching import MANIFEST, read_own_manifest, read_remote_manifest
from bundle.signing import FILE as SIGNATURE


def push(registry: Registry, directory: Path) -> bool:
    """Add the bundle at `<name>/<version>/`, once it is as its manifest says; False where it was there already.

    Raises `BundleError` where another one has its number there, and what `Registry.add` raises.
    """
    manifest = read_own_manifest(directory)
    key = manifest.name, manifest.version
    if (there := _read_if_there(registry, key)) is not None:
        if there == (directory / MANIFEST).read_bytes():
            return False
        raise BundleError(
            f"{registry.place} has another bundle as {key[0]}/{key[1]}, and a version never changes. Pull it, and fit "
            "again into that folder: the next number is given then."
        )
    signature = [SIGNATURE] * (directory / SIGNATURE).is_file()
    registry.add(key, directory, [*manifest.files, *signature, MANIFEST])
    return True


def _read_if_there(registry: Registry, key: tuple[str, int]) -> bytes | None:
    try:
        return read_remote_manifest(registry, key)
    except Unreadable:
        return None

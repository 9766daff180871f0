"""Bundles go from a repository's folder to a registry and back; a version that is there is never written over."""

from __future__ import annotations

from pathlib import Path

from bundle.errors import BundleError
from bundle.reading import Unreadable
from bundle.registry import Key, Listed, Registry
from bundle.registry.fetching import MANIFEST, fetch, read_own_manifest, read_remote_manifest
from bundle.registry.folder import FolderRegistry
from bundle.retiring import PREFIX as RETIRED
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


def pull(registry: Registry, key: Key, root: Path) -> bool:
    """Add a registry's bundle to the repository `root`; False where it was there already.

    Raises `BundleError` where another one has its number there, and what `fetch` raises.
    """
    directory = root / key[0] / str(key[1])
    if not directory.is_dir():
        fetch(registry, key, root)
        return True
    if read_remote_manifest(FolderRegistry(root), key) != read_remote_manifest(registry, key):
        raise BundleError(f"{directory} is another bundle than that of {registry.place}; give another --models.")
    return False


def pull_newest(registry: Registry, name: str, root: Path) -> None:
    """Have `root` hold the version of a name that answers in a registry, and count on from there.

    What is retired there is marked so, and its number is given to no other. Raises as `pull` does.
    """
    listed = registry.look().get(name, Listed())
    if standing := listed.versions - listed.retired:
        pull(registry, (name, max(standing)), root)
    if listed.retired:
        (root / name).mkdir(parents=True, exist_ok=True)
    for version in listed.retired:
        (root / name / f"{RETIRED}{version}").touch()


def _read_if_there(registry: Registry, key: Key) -> bytes | None:
    try:
        return read_remote_manifest(registry, key)
    except Unreadable:
        return None

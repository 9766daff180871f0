"""A bundle appears in a repository whole or not at all, under a version that nobody else has, and then it stays."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from bundle.errors import BundleError
from bundle.leftovers import Workplace, remove_leftovers
from bundle.manifest import VERSION_PATTERN, Manifest, check_name, read_manifest, write_manifest
from bundle.reading import MANIFEST_BYTES
from bundle.retiring import find_retired
from bundle.signing import FILE as SIGNATURE_FILE
from bundle.signing import Signer
from bundle.writing import synchronise_folder, write_new


def compute_sha256(content: bytes) -> str:
    """Compute a SHA-256 in hex, as manifests hold it."""
    return hashlib.sha256(content).hexdigest()


def write_npz(arrays: dict[str, np.ndarray]) -> bytes:
    """Write an npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def publish(
    root: Path,
    name: str,
    files: dict[str, bytes],
    manifest_for: Callable[[int], Manifest],
    signer: Signer | None = None,
) -> Path:
    """Write `root/<name>/<next version>/` and answer its path.

    `manifest_for` is asked for the manifest of a version number; two publishers at once get two versions. Readers see
    nothing before the rename, and what is renamed is on the disk. What killed publishers left is removed on the way.
    Raises `BundleError` for a name that cannot be one, and where the repository cannot be written.
    """
    parent = root / check_name(name)
    try:
        _make_folder(parent)
        remove_leftovers(parent)
        with Workplace(parent) as workplace:
            for file, content in files.items():
                write_new(workplace.path / file, content)
            return _move_into_place(workplace, parent, manifest_for, signer)
    except OSError as error:
        raise BundleError(
            f"{name} cannot be published to {root}: {error.strerror}. No version was added; mend that, or give another "
            "repository with --models or SERIESMITH_MODELS."
        ) from error


def _move_into_place(
    workplace: Workplace, parent: Path, manifest_for: Callable[[int], Manifest], signer: Signer | None
) -> Path:
    while True:
        version = find_next_version(parent)
        manifest = _write_manifest(manifest_for, version)
        write_new(workplace.path / "manifest.json", manifest)
        if signer is not None:
            write_new(workplace.path / SIGNATURE_FILE, signer(manifest))
        synchronise_folder(workplace.path)
        try:
            os.rename(workplace.path, parent / str(version))
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            synchronise_folder(parent)
            return parent / str(version)


def _write_manifest(manifest_for: Callable[[int], Manifest], version: int) -> bytes:
    """Write a manifest that readers accept. Raises `BundleError` where they would not."""
    try:
        manifest = write_manifest(manifest_for(version))
    except ValidationError as error:
        first = error.errors()[0]
        raise BundleError(f"the bundle cannot be described: {first['loc']}: {first['msg'][:400]}") from error
    if len(manifest) > MANIFEST_BYTES:
        raise BundleError(f"manifest.json would have {len(manifest)} bytes; it may have {MANIFEST_BYTES}.")
    read_manifest(manifest)
    return manifest


def find_next_version(parent: Path) -> int:
    """Return one more than the highest version under `parent`, retired ones included: their marks would hold for it."""
    names = os.listdir(parent)
    taken = {int(name) for name in names if re.fullmatch(VERSION_PATTERN, name)} | find_retired(names)
    return max(taken, default=0) + 1


def _make_folder(parent: Path) -> None:
    """Make the folder of a name, and the repository where there is none, so that they stay."""
    for folder in (parent.parent, parent):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            synchronise_folder(folder.parent)

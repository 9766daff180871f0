"""A bundle appears in a repository whole or not at all, under a version that nobody else has."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models.manifest import Manifest, checked_name, write_manifest


def sha256(content: bytes) -> str:
    """Hex digest, as manifests hold it."""
    return hashlib.sha256(content).hexdigest()


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """An npz file; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def publish(root: Path, name: str, files: dict[str, bytes], manifest_for: Callable[[int], Manifest]) -> Path:
    """Write `root/<name>/<next version>/` and answer its path.

    `manifest_for` is asked for the manifest of a version number; two publishers at once get two versions. Readers see
    nothing before the rename. Raises `BundleError` for a name that cannot be one.
    """
    parent = root / checked_name(name)
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=parent))
    try:
        temporary.chmod(0o755)
        for file, content in files.items():
            (temporary / file).write_bytes(content)
        while True:
            version = next_version(parent)
            (temporary / "manifest.json").write_bytes(write_manifest(manifest_for(version)))
            _synchronise(temporary)
            try:
                os.rename(temporary, parent / str(version))
                return parent / str(version)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def next_version(parent: Path) -> int:
    """One more than the highest version under `parent`."""
    taken = [int(entry.name) for entry in parent.iterdir() if entry.name.isascii() and entry.name.isdigit()]
    return max(taken, default=0) + 1


def _synchronise(directory: Path) -> None:
    for file in directory.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())

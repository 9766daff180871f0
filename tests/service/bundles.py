"""New names and versions of a bundle without another fit: copied, renamed in the manifest, moved into place whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np


def published(bundle: Path, root: Path, name: str, version: int, damaged: str | None = None) -> Path:
    """`root/<name>/<version>/`, as `models.publish` would make it appear; one bit of the file `damaged` is flipped."""
    parent = root / name
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=parent))
    shutil.copytree(bundle, temporary, dirs_exist_ok=True)
    manifest = json.loads((bundle / "manifest.json").read_text())
    (temporary / "manifest.json").write_text(json.dumps(manifest | {"name": name, "version": version}))
    if damaged is not None:
        content = bytearray((temporary / damaged).read_bytes())
        content[len(content) // 2] ^= 1
        (temporary / damaged).write_bytes(content)
    os.rename(temporary, parent / str(version))
    return parent / str(version)


def relative_difference(actual: object, expected: object) -> float:
    """Largest absolute difference over the largest value expected, of nested lists of one shape."""
    left, right = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert left.shape == right.shape
    return float(np.abs(left - right).max() / max(float(np.abs(right).max()), 1e-12))

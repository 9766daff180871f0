"""Cases to send, and new names and versions of a bundle without another fit."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.operations import OPERATIONS
from training.data import Cases, Label

OF_SINES = tuple(name for name in OPERATIONS if name != "blend")
"""What the bundle `sines` can do: it has codes, and no generator that blends classes."""


@dataclass(frozen=True)
class Labelled:
    """Series `[n_cases, n_channels, n_timepoints]` with a label each."""

    series: np.ndarray
    labels: list[Label]

    @classmethod
    def of(cls, cases: Cases | None) -> Labelled:
        """A dataset's partition, which must be there and have labels."""
        assert cases is not None and cases.labels is not None
        return cls(cases.series, list(cases.labels))


def publish_copy(
    bundle: Path, root: Path, name: str, version: int, damaged: str | None = None, series: dict[str, Any] | None = None
) -> Path:
    """`root/<name>/<version>/`, as `bundle.publish` would make it appear; one bit of the file `damaged` is flipped.

    `series`: what the copy's manifest says of its series besides.
    """
    parent = root / name
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=parent))
    shutil.copytree(bundle, temporary, dirs_exist_ok=True)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["series"] |= series or {}
    (temporary / "manifest.json").write_text(json.dumps(manifest | {"name": name, "version": version}))
    if damaged is not None:
        content = bytearray((temporary / damaged).read_bytes())
        content[len(content) // 2] ^= 1
        (temporary / damaged).write_bytes(content)
    os.rename(temporary, parent / str(version))
    return parent / str(version)


def compute_relative_difference(actual: object, expected: object) -> float:
    """Largest absolute difference over the largest value expected, of nested lists of one shape."""
    left, right = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert left.shape == right.shape
    return float(np.abs(left - right).max() / max(float(np.abs(right).max()), 1e-12))

"""What a job left in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path


def hash_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in a folder, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}

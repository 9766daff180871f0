"""A name can be taken out of service and put back, for everyone who serves the repository, and through restarts.

The mark is a file beside the versions, `.unloaded`: the highest version that it holds for. A newer one is served.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from models.errors import NotFound, Unsupported

MARK = ".unloaded"
REASON = "it was unloaded on request; load it to have it served again."


def unloaded_up_to(directory: Path) -> int:
    """The highest version of a name, `directory`, that is not to be served; 0 when all are."""
    try:
        return int((directory / MARK).read_text())
    except (FileNotFoundError, ValueError):
        return 0


def unload(root: Path, name: str, newest: int) -> None:
    """Mark every version up to `newest`. Raises `Unsupported` where nothing can be written."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=root / name)
        with open(handle, "w") as file:
            file.write(f"{newest}\n")
        os.replace(temporary, root / name / MARK)
    except OSError as error:
        raise _unwritable(name, error) from error


def load(root: Path, name: str) -> None:
    """Take the mark away. Raises `NotFound` where there is no such name, `Unsupported` where nothing can be written."""
    if not (root / name).is_dir():
        raise NotFound(f"there is no bundle {name!r} in the repository.", "model")
    try:
        (root / name / MARK).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(name, error) from error


def _unwritable(name: str, error: OSError) -> Unsupported:
    return Unsupported(
        f"the repository cannot be written, so that {name!r} stays as it is: {error.strerror}. Mount it writable, or "
        "take the bundle's directory away."
    )

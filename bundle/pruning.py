"""Removes old versions of a name from the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bundle.errors import Unsupported
from bundle.leftovers import Workplace
from bundle.looking import Name
from bundle.retiring import PREFIX


def choose_surplus(seen: Name, keep: int) -> list[int]:
    """Return the versions, ascending, that are not among the newest `keep` that are not retired.

    The highest number stays whatever it is: the next version is numbered after it, and none is numbered twice.
    """
    standing = sorted(seen.versions - seen.retired)[-keep:] if keep > 0 else []
    return sorted(seen.versions - set(standing) - {max(seen.versions, default=0)})


def remove_version(directory: Path, version: int) -> None:
    """Remove a version of the name at `directory`, with its mark of retirement.

    It is moved aside first, so that nobody reads half of it. Raises `Unsupported` where that is not allowed.
    """
    try:
        with Workplace(directory) as workplace:
            os.rename(directory / str(version), workplace.path / str(version))
            (directory / f"{PREFIX}{version}").unlink(missing_ok=True)
            shutil.rmtree(workplace.path / str(version))
    except OSError as error:
        raise Unsupported(
            f"version {version} of {directory.name!r} cannot be removed: {error.strerror}. Mount the repository "
            "writable."
        ) from error

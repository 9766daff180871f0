"""The temporary folders in which bundles are written; those of killed publishers are found and removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from bundle.writing import PREFIX

OWNED = PREFIX + "owned-"
"""Folders of that prefix are locked by the process that writes in them, for as long as it lives."""

YOUNG_SECONDS = 60
"""An unlocked folder may be one that is about to be locked."""

OLD_SECONDS = 24 * 3600
"""What others left under the plain prefix, or where locks do not tell."""


class Workplace:
    """A new folder beside the versions of a name, removed at the end unless it was moved into place.

    It is locked (flock) meanwhile, which the system ends with the process, however that ends. A file system without
    locks does without. Use as a context manager. Raises `OSError`.
    """

    def __init__(self, parent: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=OWNED, dir=parent))
        self.path.chmod(0o755)
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Workplace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def remove_leftovers(parent: Path) -> None:
    """Remove from the folder of a name what killed publishers left, as far as it can be removed."""
    with suppress(OSError), os.scandir(parent) as entries:
        left = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX)]
        for path in left:
            with suppress(OSError):
                if _is_abandoned(path):
                    _remove(path)


def _is_abandoned(path: Path) -> bool:
    age = time.time() - path.lstat().st_mtime
    if age < YOUNG_SECONDS:
        return False
    locked = _is_locked(path) if path.name.startswith(OWNED) else None
    return age > OLD_SECONDS if locked is None else not locked


def _is_locked(path: Path) -> bool | None:
    """Whether a folder's publisher lives; None where that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()

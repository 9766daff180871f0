"""Writes files so that they survive a crash of the machine."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = ".tmp-"
"""How names begin of what is being written, and is no part of a repository yet."""


def write_new(path: Path, content: bytes) -> None:
    """Write a file, replacing one of that name, and wait until the disk has it. Raises `OSError`."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place: a reader sees the old content or the new. Raises `OSError`, and leaves nothing then."""
    handle, temporary = tempfile.mkstemp(prefix=PREFIX, dir=path.parent)
    os.close(handle)
    try:
        write_new(Path(temporary), content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    synchronise_folder(path.parent)


def synchronise_folder(folder: Path) -> None:
    """Wait until the disk has a folder's names, where its file system can say so. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)

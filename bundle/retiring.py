"""Takes single versions out of service and puts them back, for every server of the repository and through restarts.

The mark of a version is a file beside it, `.retired-<version>`. Nothing is moved or removed, so that the number stays
taken and the bundle can be restored as it was.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bundle.errors import NotFound, Unsupported
from bundle.manifest import VERSION_PATTERN
from bundle.writing import synchronise_folder, write_whole

PREFIX = ".retired-"
REASON = "it was retired on request; restore it to have it served again."


def find_retired(names: Iterable[str]) -> frozenset[int]:
    """Return the versions that are retired, by the names in the folder of a bundle's versions."""
    marks = (name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    return frozenset(int(mark) for mark in marks if re.fullmatch(VERSION_PATTERN, mark))


def retire(directory: Path, version: int, served: Collection[int]) -> None:
    """Mark a version of the name at `directory`, of whose versions those `served` can be.

    Raises `NotFound` where there is no such version, and `Unsupported` where it is the last one that is served, or
    nothing can be written.
    """
    with _change(directory, version):
        others = set(served) - {version} - find_retired(os.listdir(directory))
        if not others:
            raise Unsupported(
                f"version {version} of {directory.name!r} is the last one that can be served; publish or restore "
                "another first, or unload the model.",
                "version",
            )
        if not (mark := directory / f"{PREFIX}{version}").exists():
            write_whole(mark, b"")


def restore(directory: Path, version: int) -> None:
    """Take the mark of a version away, if there is one. Raises `NotFound` and `Unsupported`."""
    with _change(directory, version):
        # A read-only disk refuses to remove even what is not there.
        if (mark := directory / f"{PREFIX}{version}").exists():
            mark.unlink(missing_ok=True)
            synchronise_folder(directory)


@contextmanager
def _change(directory: Path, version: int) -> Iterator[None]:
    """Hold the folder of a name, so that two who retire its last two versions do so one after the other."""
    if not (directory / str(version)).is_dir():
        raise NotFound(f"there is no version {version} of {directory.name!r} in the repository.", "version")
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unsupported(
            f"the repository cannot be written, so that {directory.name!r} stays as it is: {error.strerror}. Mount it "
            "writable."
        ) from error


def _lock(descriptor: int) -> None:
    """Wait for the lock (flock). A file system without locks does without."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return

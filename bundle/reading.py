"""Files of one folder are read whole or refused: regular files only, no link is followed, nothing beyond its bound."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType

from bundle.errors import BundleError

MANIFEST_BYTES = 2**20
"""Most bytes of manifest.json."""

MOST_BYTES = 2**30
"""Most bytes of all files of a bundle together, unless the deployment says otherwise."""

READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
"""A link is an error, and with O_NONBLOCK a FIFO that nobody writes to keeps nobody waiting."""


class Unreadable(BundleError):
    """A file could not be read now: it is missing, may not be read, or the disk failed. A later look may succeed."""


class Folder:
    """The open folder of one bundle: what is renamed to its place while it is read is another folder, and not read.

    `budget` is what its files may have together; only with `link` may the folder be a link. Use as a context manager.
    Raises `BundleError` for each refusal.
    """

    def __init__(self, directory: Path, budget: int = MOST_BYTES, link: bool = False) -> None:
        self._budget = self._left = budget
        try:
            self._descriptor = os.open(directory, (READ & ~os.O_NOFOLLOW if link else READ) | os.O_DIRECTORY)
        except OSError as error:
            raise _explain_unreadable(directory.name, error, "a folder of its own, and not a link") from error

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def has(self, name: str) -> bool:
        """Whether there is anything of that name."""
        try:
            os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _explain_unreadable(name, error) from error
        return True

    def read(self, name: str, most: int | None = None) -> bytes:
        """A file's content, of at most `most` bytes. Raises `BundleError`, or `Unreadable` where it may pass."""
        bound = self._left if most is None else min(most, self._left)
        try:
            descriptor = os.open(name, READ | os.O_NONBLOCK, dir_fd=self._descriptor)
        except OSError as error:
            raise _explain_unreadable(name, error, "a regular file, and not a link") from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BundleError(f"{name} is no regular file; a bundle holds regular files only.")
            if status.st_size > bound:
                raise self._explain_too_large(name, status.st_size, most)
            content = _read_whole(descriptor, bound + 1)
        except OSError as error:
            raise _explain_unreadable(name, error) from error
        finally:
            os.close(descriptor)
        if len(content) > bound:
            raise self._explain_too_large(name, len(content), most)
        self._left -= len(content)
        return content

    def _explain_too_large(self, name: str, size: int, most: int | None) -> BundleError:
        if most is not None and size > most:
            return BundleError(f"{name} has {size} bytes; it may have {most}.")
        return BundleError(f"{name} has {size} bytes; all files of a bundle may have {self._budget} together.")


def _read_whole(descriptor: int, most: int) -> bytes:
    pieces, left = [], most
    while left and (piece := os.read(descriptor, min(left, 2**24))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _explain_unreadable(name: str, error: OSError, expected: str = "") -> BundleError:
    """Links give ELOOP, and with O_DIRECTORY, as any file, ENOTDIR."""
    if expected and error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
        return BundleError(f"{name} must be {expected}.")
    return Unreadable(f"{name} cannot be read: {error.strerror}.")

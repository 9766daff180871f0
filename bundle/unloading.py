"""Takes a name out of service and puts it back, for every server of the repository and through restarts.

The mark is a file beside the versions, `.unloaded`: the highest version that it holds for. A newer one is served.
"""

from __future__ import annotations

import re
from pathlib import Path

from bundle.errors import BundleError, NotFound, Unsupported
from bundle.leftovers import remove_leftovers
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN
from bundle.reading import Folder, Unreadable
from bundle.writing import synchronise_folder, write_whole

MARK = ".unloaded"
REASON = "it was unloaded on request; load it to have it served again."
MARK_BYTES = 64


def read_unloaded(directory: Path) -> int:
    """Return the highest version of the name at `directory` that must not be served; 0 when all may be.

    Raises `BundleError` where there is a mark that cannot be read: nobody knows then what is to be served.
    """
    with Folder(directory, link=True) as folder:
        if not folder.has(MARK):
            return 0
        return read_mark(folder.read(MARK, MARK_BYTES))


def read_mark(content: bytes) -> int:
    """Return the version that a mark's `content` holds. Raises `BundleError` where it holds none."""
    text = content.strip()
    if re.fullmatch(VERSION_PATTERN.encode(), text) is None:
        raise Unreadable(f"{MARK} holds {text!r:.80}, which is no version; write one, or remove the file.")
    return int(text)


def unload(root: Path, name: str, newest: int) -> None:
    """Mark every version up to `newest`. Raises `Unsupported` where nothing can be written."""
    try:
        remove_leftovers(root / name)
        write_whole(root / name / MARK, f"{newest}\n".encode())
    except OSError as error:
        raise _explain_unwritable(name, error) from error


def load(root: Path, name: str) -> None:
    """Take the mark away, if there is one. Raises `NotFound` where there is no such name, `Unsupported` where the mark
    cannot be removed."""
    directory = root / name
    if re.fullmatch(NAME_PATTERN, name) is None or not directory.is_dir():
        raise NotFound(f"there is no bundle {name!r:.120} in the repository.", "model")
    try:
        with Folder(directory, link=True) as folder:
            marked = folder.has(MARK)
        # A read-only disk refuses to remove even what is not there.
        if marked:
            (directory / MARK).unlink(missing_ok=True)
            synchronise_folder(directory)
    except OSError as error:
        raise _explain_unwritable(name, error) from error
    except BundleError as error:
        raise Unsupported(f"{name!r} stays as it is: {error.message}") from error


def _explain_unwritable(name: str, error: OSError) -> Unsupported:
    return Unsupported(
        f"the repository cannot be written, so that {name!r} stays as it is: {error.strerror}. Mount it writable, or "
        "take the bundle's directory away."
    )

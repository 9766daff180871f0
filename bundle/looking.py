"""Lists what lies in a repository's folder at one moment, by names and stat calls; it opens no file but one mark."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bundle.errors import BundleError, NotFound
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN
from bundle.retiring import find_retired
from bundle.unloading import read_unloaded

Identity = tuple[tuple[str, int, int, int, int], ...]
"""Of every file in a version's folder, and of the folder: name, inode, size, times of modification and of change."""

MOST_FILES = 100
"""Files in a version's folder that its identity looks at."""


@dataclass(frozen=True)
class Name:
    """The versions under one name, which are retired, and up to which they are unloaded; or why that cannot be read."""

    versions: frozenset[int] = frozenset()
    unloaded: int = 0
    retired: frozenset[int] = frozenset()
    error: str | None = None


def look(root: Path) -> dict[str, Name]:
    """List every name that has a version. Raises `NotFound` when `root` is no directory, or cannot be read."""
    try:
        with os.scandir(root) as entries:
            names = sorted(entry.name for entry in entries if re.fullmatch(NAME_PATTERN, entry.name))
    except OSError as error:
        raise NotFound(
            f"the model repository {root} is not a directory that can be read ({error.strerror}); give another with "
            "--models or SERIESMITH_MODELS."
        ) from error
    return {name: seen for name in names if (seen := _look_at(root / name)) is not None}


def _look_at(directory: Path) -> Name | None:
    """Look at the folder of one name; None where it is no directory, or has no version."""
    versions: frozenset[int] = frozenset()
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
        versions = frozenset(int(name) for name in names if re.fullmatch(VERSION_PATTERN, name))
        return Name(versions, read_unloaded(directory), find_retired(names)) if versions else None
    except (NotADirectoryError, FileNotFoundError):
        return None
    except OSError as error:
        return Name(versions, error=f"its folder cannot be read: {error.strerror}.")
    except BundleError as error:
        return Name(versions, error=error.message)


def read_identity(directory: Path) -> Identity | None:
    """Return what changes with any file of a version's folder; None where it holds no manifest.

    It changes with every write, rename and change of rights, and costs a stat call per file.
    """
    try:
        (directory / "manifest.json").lstat()
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in islice(entries, MOST_FILES))
        return tuple(_read_state(directory, name) for name in (".", "manifest.json", *names))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return (("unreadable", error.errno or 0, 0, 0, 0),)


def _read_state(directory: Path, name: str) -> tuple[str, int, int, int, int]:
    try:
        status = os.stat(directory / name, follow_symlinks=False)
    except FileNotFoundError:
        return (name, 0, 0, 0, 0)
    return (name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def list_versions(root: Path) -> dict[str, list[int]]:
    """List by name the versions, ascending, that look like bundles and are not retired.

    Raises `NotFound` when `root` is no directory.
    """
    found = {
        name: sorted(
            version for version in seen.versions - seen.retired if read_identity(root / name / str(version)) is not None
        )
        for name, seen in look(root).items()
    }
    return {name: versions for name, versions in found.items() if versions}

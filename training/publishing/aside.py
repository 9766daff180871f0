"""What the gate withholds is kept aside, whole and verified, where no server looks; the newest few of each name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from bundle.looking import list_versions
from bundle.manifest import Manifest
from bundle.publish import publish
from bundle.signing import Signer

FOLDER = ".refused"
"""Beside the names of a repository, and no name itself; a repository of its own, for who wants to look into it."""

REASONS = "refused.txt"

MOST_KEPT = 3
"""Of each name."""


class Withheld(Exception):
    """A fit is complete, and the gate keeps it from being published: `objections` say why."""

    def __init__(self, name: str, objections: Sequence[str], directory: Path) -> None:
        self.objections, self.directory = list(objections), directory
        super().__init__(
            f"{name} is not published: {' '.join(objections)} What was in service stays. The fit is kept aside in "
            f"{directory}; the same command with --force publishes it."
        )


def keep_aside(
    root: Path,
    name: str,
    files: dict[str, bytes],
    manifest_for: Callable[[int], Manifest],
    signer: Signer | None,
    objections: Sequence[str],
) -> Path:
    """Write `root/.refused/<name>/<next number>/`, with the reasons in a file, and remove all but the newest few.

    Takes what `publish` takes; answers the directory. Raises `BundleError` as it does.
    """
    reasons = "".join(f"{objection}\n" for objection in objections).encode()
    directory = publish(root / FOLDER, name, {**files, REASONS: reasons}, manifest_for, signer)
    for version in list_versions(root / FOLDER)[name][:-MOST_KEPT]:
        shutil.rmtree(directory.parent / str(version), ignore_errors=True)
    return directory


def remove_aside(root: Path, name: str) -> None:
    """Remove what lies aside of a name: a version that was published since has answered it."""
    shutil.rmtree(root / FOLDER / name, ignore_errors=True)

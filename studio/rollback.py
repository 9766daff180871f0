"""What lies in the repository under a name: every version, in service or not, and those that were retired."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bundle.errors import BundleError, NotFound
from bundle.looking import Name, look
from bundle.manifest import NAME_PATTERN, VERSION_PATTERN, Manifest, read_manifest
from bundle.reading import MANIFEST_BYTES, Folder
from bundle.repository import Repository
from bundle.showing import show

MOST_VERSIONS = 100
"""Of the newest, which are described."""

NOT_AMONG_NEWEST = "a server keeps the newest versions alone; SERIESMITH_KEEP_VERSIONS says how many."
LOADING = "it is being loaded."


def check_name(name: str) -> str:
    """Return a name that may be a bundle's folder. Raises `NotFound`."""
    if re.fullmatch(NAME_PATTERN, name) is None:
        raise NotFound(f"{show(name, 80)} cannot name a model.", "name")
    return name


def check_version(version: str) -> int:
    """Return a version that may be a bundle's folder. Raises `NotFound`."""
    if re.fullmatch(VERSION_PATTERN, version) is None:
        raise NotFound(f"{show(version, 80)} is no version; a version is a whole number from 1.", "version")
    return int(version)


def describe_model(repository: Repository, name: str) -> dict[str, Any]:
    """Describe every version of a name, newest first. Reads manifests: call it in a thread. Raises `NotFound`."""
    check_name(name)
    names = look(repository.root)
    if name not in names:
        raise NotFound(f"there is no model {show(name)}; there is: {', '.join(sorted(names)) or '(none)'}.", "name")
    seen = names[name]
    newest = sorted(seen.versions, reverse=True)[:MOST_VERSIONS]
    found = [(version, _describe_version(repository, name, version, seen)) for version in newest]
    return {
        "name": name,
        "versions": [card for version, card in found if card is not None and version not in seen.retired],
        "retired": [card for version, card in found if card is not None and version in seen.retired],
    }


def _describe_version(repository: Repository, name: str, version: int, seen: Name) -> dict[str, Any] | None:
    """Describe one version; None where its manifest cannot be read, and it is not served."""
    directory = repository.root / name / str(version)
    loaded = repository.bundles.get((name, version))
    try:
        manifest = loaded.manifest if loaded is not None else _read_manifest(directory)
        n_bytes, created = _measure(directory)
    except (BundleError, OSError):
        return None
    return {
        "version": version,
        "created": created,
        "in_service": loaded is not None,
        "reason": "" if loaded is not None else _explain(repository, name, version, seen),
        "dataset": manifest.provenance.dataset,
        "labelled": manifest.labelled,
        "classes": [card.model_dump() for card in manifest.classes],
        "series": manifest.series.model_dump(exclude_none=True),
        "graphs": sorted(manifest.graphs),
        "metrics": manifest.metrics.model_dump(),
        "provenance": manifest.provenance.model_dump(exclude={"training_sketch"}),
        "n_bytes": n_bytes,
    }


def _read_manifest(directory: Path) -> Manifest:
    with Folder(directory) as folder:
        return read_manifest(folder.read("manifest.json", MANIFEST_BYTES))


def _measure(directory: Path) -> tuple[int, datetime]:
    """Return the bytes of a version's files, and when its manifest was written. Raises `OSError`."""
    with os.scandir(directory) as entries:
        n_bytes = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    written = (directory / "manifest.json").stat().st_mtime
    return n_bytes, datetime.fromtimestamp(written, UTC)


def _explain(repository: Repository, name: str, version: int, seen: Name) -> str:
    """Return why a version is not served."""
    if (refusal := repository.refused.get((name, version))) is not None:
        return refusal.reason
    if (name, version) in repository.pending:
        return LOADING
    return seen.error or NOT_AMONG_NEWEST

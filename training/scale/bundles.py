"""A bundle travels to the processes that run it as the bytes of its files, and is verified where it arrives."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Runtime
from bundle.manifest import read_manifest
from bundle.reading import MANIFEST_BYTES, Folder
from bundle.repository import SHIPPED, list_versions
from training.settings import ConfigurationError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Packed:
    """The files of a bundle, by name. Two are equal whose manifests are: it holds the hashes of all other files."""

    name: str
    version: int
    sha256: str
    files: dict[str, bytes] = field(repr=False, compare=False)

    @property
    def facts(self) -> dict[str, str | int]:
        """What a job pins of it."""
        return {"name": self.name, "version": self.version, "manifest_sha256": self.sha256}


def pack(directory: Path) -> Packed:
    """Read the files of a bundle, and verify it. Raises `BundleError`."""
    Bundle.load(directory, Runtime("cpu", 1))
    with Folder(directory) as folder:
        text = folder.read(MANIFEST, MANIFEST_BYTES)
    manifest = read_manifest(text)
    arrays = (manifest.probe, manifest.mixture, manifest.codes, manifest.weights)
    names = [graph.file for graph in manifest.graphs.values()] + [one.file for one in arrays if one is not None]
    files = {MANIFEST: text, **{name: (directory / name).read_bytes() for name in dict.fromkeys(names)}}
    return Packed(manifest.name, manifest.version, hashlib.sha256(text).hexdigest(), files)


@functools.lru_cache(maxsize=1)
def unpack(packed: Packed) -> Bundle:
    """Load a bundle in this process, on one thread, and verify it; once, however often it is asked for."""
    with tempfile.TemporaryDirectory(prefix="seriesmith-") as folder:
        directory = Path(folder) / packed.name / str(packed.version)
        directory.mkdir(parents=True)
        for name, content in packed.files.items():
            (directory / name).write_bytes(content)
        return Bundle.load(directory, Runtime("cpu", 1), Terms(manifest_sha256=packed.sha256))


def find_bundle(given: str, models: Path | None = None) -> Path:
    """The folder of a bundle that is named by its folder, or as NAME or NAME/VERSION of the repository `models`.

    Raises `ConfigurationError`, or `NotFound` where there is no repository.
    """
    if (Path(given) / MANIFEST).is_file():
        return Path(given).resolve()
    root = models or Path(os.environ.get("SERIESMITH_MODELS") or SHIPPED)
    versions = list_versions(root)
    name, _, version = given.partition("/")
    known = [number for number in versions.get(name, []) if version in ("", str(number))]
    if not known:
        there = ", ".join(f"{own}/{numbers[-1]}" for own, numbers in versions.items()) or "nothing"
        raise ConfigurationError(
            f"--bundle is {given!r}, which is neither the folder of a bundle nor one of {root}, which holds: {there}."
        )
    return root / name / str(known[-1])

"""A store of images of this check alone, in which buildah builds without an engine and without namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.images.pip_settings import share_pip_settings

CONFIGURATION = '[storage]\ndriver = "vfs"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'


@dataclass(frozen=True)
class Store:
    """Images under `folder`; what builds there reads the settings of pip that this machine has."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Make the store, or take the one that is there, with the images that it has."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "storage.conf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "containers.conf").write_text(share_pip_settings(folder))
        return cls(folder)

    @property
    def environment(self) -> dict[str, str]:
        """What makes buildah, and programs that call it, use this store."""
        return os.environ | {
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "STORAGE_DRIVER": "vfs",
            "BUILDAH_ISOLATION": "chroot",
            "BUILDAH_FORMAT": "docker",  # the other format has no health checks
        }

    def run(self, *command: str | Path) -> str:
        """Return what the command printed. Raises `SystemExit` with the end of it where the command failed."""
        done = subprocess.run(command, env=self.environment, text=True, capture_output=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def make(self, target: str, image: str, options: str) -> float:
        """Build an image by a target of the Makefile, in place of an earlier one; return the seconds that it took."""
        began = time.monotonic()
        self.run("make", target, "BACKEND=buildah", f"TAG={image}", f"OPTIONS={options}")
        seconds = time.monotonic() - began
        self.run("buildah", "rmi", "--prune")
        return seconds

    def has(self, image: str) -> bool:
        return image in self.run("buildah", "images", "--all", "--format", "{{.Name}}:{{.Tag}}").split()

    def describe(self, image: str) -> dict[str, Any]:
        """Return the image's configuration: User, Env, Entrypoint, Healthcheck …"""
        configuration: dict[str, Any] = json.loads(self.run("buildah", "inspect", "--type", "image", image))
        return dict(configuration["Docker"]["config"])

    def measure(self, image: str) -> float:
        """Return the size of an image with its base, as buildah knows it: MB."""
        number, unit = self.run("buildah", "images", "--format", "{{.Size}}", image).split()
        return float(number) * {"KB": 1e-3, "MB": 1.0, "GB": 1e3}[unit]

    @contextmanager
    def unpack(self, image: str) -> Iterator[Path]:
        """A copy of the image's root file system, which goes at the end."""
        container = self.run("buildah", "from", "--pull-never", image).strip()
        try:
            yield Path(self.run("buildah", "mount", container).strip())
        finally:
            self.run("buildah", "rm", container)

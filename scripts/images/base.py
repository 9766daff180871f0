"""Debian with Python as a base image, made from packages: no registry is asked."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from scripts.images.store import Store

BASE = "localhost/seriesmith-base:bookworm"
SUITE = "bookworm"
"""Its Python is 3.11, as in the base that bentofile.yaml takes."""

PACKAGES = "ca-certificates,python3,python3-pip,python3-venv"
CACHES = ("var/cache/apt", "var/lib/apt/lists")
CONTAINERFILE = "FROM scratch\nADD root.tar /\nENV PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin\n"


def make_base(store: Store) -> None:
    """Put `BASE` into the store, unless it is there."""
    if store.has(BASE):
        return
    with tempfile.TemporaryDirectory(dir=store.folder) as folder:
        root = Path(folder) / "root"
        store.run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root)
        for cache in CACHES:
            shutil.rmtree(root / cache, ignore_errors=True)
        context = Path(folder) / "context"
        context.mkdir()
        store.run("tar", "-C", root, "-cf", context / "root.tar", ".")
        (context / "Containerfile").write_text(CONTAINERFILE)
        store.run("buildah", "bud", "--tag", BASE, "--file", context / "Containerfile", context)

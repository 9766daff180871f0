"""A model repository in which a new version appears now and then and old ones go, while a server serves it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from bundle.manifest import read_manifest
from bundle.publish import publish
from loadtest.ours import BUNDLE
from loadtest.peers.graph import ROOT

KEPT_VERSIONS = 3
"""As many as a server serves."""


class Repository:
    """Versions of one bundle, equal in all but their number, so that every version answers the same."""

    def __init__(self, root: Path) -> None:
        source = ROOT / "models" / BUNDLE / "1"
        self.root = root
        self._manifest = read_manifest((source / "manifest.json").read_bytes())
        names = {card.file for card in (self._manifest.mixture, self._manifest.probe, self._manifest.weights) if card}
        names |= {graph.file for graph in self._manifest.graphs.values()}
        self._files = {name: (source / name).read_bytes() for name in names}
        self.newest = 0

    def renew(self) -> None:
        """Publish a version, and remove the ones that are too old to be served."""
        directory = publish(
            self.root,
            BUNDLE,
            self._files,
            lambda version: self._manifest.model_copy(update={"version": version}),
        )
        self.newest = int(directory.name)
        for old in directory.parent.iterdir():
            if old.name.isdigit() and int(old.name) <= self.newest - KEPT_VERSIONS:
                shutil.rmtree(old)

    async def keep_renewing(self, seconds: float) -> None:
        """Renew every so many seconds, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.renew)

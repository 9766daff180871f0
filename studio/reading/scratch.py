"""Folders for what a task takes and leaves; those that a server's end left behind are deleted a day later."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

KEPT_SECONDS = 24 * 3600.0


class Scratch:
    """Makes folders in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Path]:
        """A folder that is gone afterwards."""
        folder = await asyncio.to_thread(self.make)
        try:
            yield folder
        finally:
            await asyncio.to_thread(delete, folder)

    def make(self) -> Path:
        """A new folder."""
        folder = self.folder / uuid.uuid4().hex
        if not self.folder.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
        else:
            self._purge()
        folder.mkdir()
        return folder

    def _purge(self) -> None:
        for old in self.folder.iterdir():
            with suppress(OSError):
                if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                    delete(old)


def delete(folder: Path) -> None:
    """Delete a folder, as far as it is there."""
    shutil.rmtree(folder, ignore_errors=True)

"""Keeps the mirror of a registry in step, in a thread of its own; what is served goes on whatever the registry does."""

from __future__ import annotations

import asyncio
import logging
import threading

from bundle.errors import SeriesmithError
from bundle.registry import Key
from bundle.registry.address import read_address
from bundle.registry.mirror import Mirror
from bundle.registry.opening import open_registry
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")

POLL_SECONDS = 0.05


def open_mirror(settings: Settings) -> Mirror | None:
    """Open the mirror of the models' URL; None where they are in a folder. Raises `SeriesmithError`."""
    if not isinstance(settings.models, str):
        return None
    address = read_address(settings.models)
    registry = open_registry(address.url)
    settings.repository.mkdir(parents=True, exist_ok=True)
    return Mirror(address, registry, settings.repository, settings.keep_versions, settings.max_bundle_bytes)


def require_registry(settings: Settings) -> None:
    """Raise `ValueError` with the reason where the models' URL can never be followed here: a package is missing."""
    try:
        open_mirror(settings)
    except SeriesmithError as error:
        raise ValueError(error.message) from error


class Following:
    """A thread that follows a mirror's registry every so many seconds."""

    def __init__(self, mirror: Mirror, seconds: float) -> None:
        self._mirror, self._seconds = mirror, seconds
        self._stopping, self._changing = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name="following a registry", daemon=True)
        self._said: dict[Key, str] = {}
        self.done = threading.Event()
        """Whether a first look has ended, well or not."""
        self.trouble = ""
        """Why the mirror may not be in step, in a sentence."""

    @property
    def place(self) -> str:
        """Where the registry is."""
        return str(self._mirror.address)

    @property
    def refused(self) -> dict[Key, str]:
        """The versions that could not be taken over, and why."""
        return {key: trouble.reason for key, trouble in self._mirror.troubles.items()}

    async def start(self, patience: float) -> None:
        """Begin, and wait for the first look to end, for at most `patience` seconds."""
        self._thread.start()
        deadline = asyncio.get_running_loop().time() + patience
        while not self.done.is_set() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Look no more; a look under way is left alone."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.follow()
            self.done.set()
            self._stopping.wait(self._seconds)

    def follow(self) -> None:
        """Look once; log what began and what ended. Raises nothing."""
        with self._changing:
            try:
                self._mirror.follow()
            except SeriesmithError as error:
                self._note(error.message)
            except Exception:
                logger.exception("following %s failed", self.place)
                self._note("it failed; the log says how.")
            else:
                self._note("")
                self._tell_refused()

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            logger.error("models are not in step with %s: %s What is here is served.", self.place, trouble)
        if self.trouble and not trouble:
            logger.info("models are in step with %s again", self.place)
        self.trouble = trouble

    def _tell_refused(self) -> None:
        refused = self.refused
        for key, reason in refused.items():
            if self._said.get(key) != reason:
                logger.error("%s/%d is not taken over from %s: %s", *key, self.place, reason)
        self._said = refused

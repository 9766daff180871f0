"""A folder that is an ordinary repository, and holds what a registry had when it last answered."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bundle.errors import BundleError
from bundle.looking import Name, look
from bundle.pruning import remove_version
from bundle.reading import MOST_BYTES
from bundle.registry import Key, Listed, Registry, Unreachable
from bundle.registry.address import EVERY, Address, hide_password
from bundle.registry.fetching import fetch, is_whole
from bundle.retiring import PREFIX as RETIRED
from bundle.unloading import MARK as UNLOADED
from bundle.writing import write_whole

LOCK = ".lock"

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 5.0, 900.0
"""A bundle that could not be taken over is fetched again after so long, twice as long each time, up to."""


@dataclass(frozen=True)
class Trouble:
    """Why a version was not taken over, as often as it was tried, and when it is tried again (monotonic clock)."""

    reason: str
    attempts: int = field(default=1, compare=False)
    retry_at: float = field(default=0.0, compare=False)


class Mirror:
    """Keeps `root` in step with a registry: the newest `keep` versions of each chosen name, and who is retired.

    Processes may share `root`. Call from one thread at a time.
    """

    def __init__(
        self, address: Address, registry: Registry, root: Path, keep: int = 3, most_bytes: int = MOST_BYTES
    ) -> None:
        self.address, self.root = address, root
        self._registry, self._keep, self._most_bytes = registry, keep, most_bytes
        self._checked: set[Key] = set()
        self.troubles: dict[Key, Trouble] = {}
        self._found: dict[Key, Trouble] = {}

    def follow(self) -> None:
        """Fetch what is new, remove what is gone, and mark what is retired; `troubles` says what could not be.

        Raises `Unreachable` where the registry does not answer, or holds nothing while `root` holds something: then
        `root` stays as it is. Raises `BundleError` where `root` cannot be written.
        """
        listed = self._registry.look()
        with self._hold():
            held = look(self.root)
            self._require_chosen(listed, held)
            self._found = {}
            for name in sorted(listed):
                if self.address.has(name):
                    self._follow_name(name, listed[name])
            for name in held.keys() - {name for name in listed if self.address.has(name)}:
                self._remove(name, held[name].versions)
        self.troubles = self._found  # at once: others read it meanwhile

    def _follow_name(self, name: str, listed: Listed) -> None:
        if listed.error is not None:
            self._note((name, max(listed.versions)), listed.error)
            return
        alias = self.address.find_alias(name)
        if alias is not None and alias not in listed.aliases:
            self._note((name, max(listed.versions)), f"{name} has no alias {alias!r} in {self._registry.place}.")
            return
        answering = max(listed.versions) if alias is None else listed.aliases[alias]
        standing = sorted(version for version in listed.versions - listed.retired if version <= answering)
        if alias is not None:
            if answering not in standing:
                self._note((name, answering), f"{name}@{alias} is version {answering}, which is retired or not there.")
                return
            if not self._take_over((name, answering)):
                return  # what answered goes on
        wanted: set[int] = set()
        while standing and len(wanted) < self._keep:
            if self._take_over((name, version := standing.pop())):
                wanted.add(version)
        held = look(self.root).get(name, Name()).versions
        superseded = {version for version in held if version > answering} | listed.retired
        self._mark(name, held & superseded, listed.unloaded)
        self._remove(name, held - wanted - (superseded & listed.versions))

    def _take_over(self, key: Key) -> bool:
        """Fetch a version that is not there, or not whole any more; whether it is there now."""
        directory = self.root / key[0] / str(key[1])
        if directory.is_dir() and key not in self._checked and not is_whole(directory, self._most_bytes):
            remove_version(directory.parent, key[1])
        before = self.troubles.get(key)
        if not directory.is_dir() and before is not None and time.monotonic() < before.retry_at:
            self._found[key] = before
            return False
        try:
            fetch(self._registry, key, self.root, self._most_bytes)
        except BundleError as error:
            self._note(key, error.message)
            return False
        self._checked.add(key)
        return True

    def _note(self, key: Key, reason: str) -> None:
        attempts = self.troubles[key].attempts + 1 if key in self.troubles else 1
        pause = min(FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 20), LAST_RETRY_SECONDS)
        self._found[key] = Trouble(reason, attempts, time.monotonic() + pause)

    def _mark(self, name: str, retired: set[int] | frozenset[int], unloaded: int) -> None:
        """Have the marks of a name be as in the registry."""
        if not (parent := self.root / name).is_dir():
            return
        seen = look(self.root).get(name, Name())
        for version in retired - seen.retired:
            write_whole(parent / f"{RETIRED}{version}", b"")
        for version in seen.retired - retired:
            (parent / f"{RETIRED}{version}").unlink(missing_ok=True)
        if unloaded and unloaded != seen.unloaded:
            write_whole(parent / UNLOADED, f"{unloaded}\n".encode())
        elif not unloaded:
            (parent / UNLOADED).unlink(missing_ok=True)

    def _remove(self, name: str, versions: frozenset[int] | set[int]) -> None:
        for version in versions:
            remove_version(self.root / name, version)
            self._checked.discard((name, version))

    def _require_chosen(self, listed: dict[str, Listed], held: dict[str, Name]) -> None:
        if not any(self.address.has(name) for name in listed):
            chosen = "" if EVERY in self.address.chosen else f" named {', '.join(self.address.chosen)}"
            kept = "; what was fetched before stays" if held else ""
            raise Unreachable(f"{self._registry.place} holds no bundle{chosen}{kept}.")

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Have other processes that keep this mirror wait."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise BundleError(f"{self.root} cannot be written: {error.strerror}.") from error
        try:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise BundleError(f"{self.root} cannot be written: {error.strerror}.") from error
        finally:
            os.close(descriptor)


def find_mirror(cache: Path, text: str, keep: int) -> Path:
    """Return the folder of a registry's mirror within a cache; `text` is its address as it was given."""
    digest = hashlib.sha256(f"{text} {keep}".encode()).hexdigest()[:12]
    words = "-".join(re.findall(r"[a-z0-9.]+", hide_password(text).lower().partition("#")[0]))[-40:].strip("-.")
    return cache / f"{words}-{digest}"

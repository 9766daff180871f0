"""A repository of bundles on disk: names, versions, the latest that verifies, and what was refused and why."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.errors import BundleError, NotFound
from bundle.loading import Key, Loader, Pending
from bundle.looking import Identity, Name, list_versions, look, read_identity
from bundle.manifest import VERSION_PATTERN
from bundle.reading import Unreadable
from bundle.retiring import REASON as RETIRED
from bundle.showing import show
from bundle.unloading import REASON as UNLOADED

__all__ = ["SHIPPED", "Gone", "Key", "Refusal", "Repository", "list_versions"]

SHIPPED = Path(__file__).resolve().parents[1] / "models"
"""Where the shipped bundles lie, and where fits publish unless told otherwise."""

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.5, 60.0
"""What could not be read is read again after so long, twice as long each time, up to."""


class Gone(NotFound):
    """Nothing is left of a repository that was served: it is not mounted, or was moved away. What was loaded stays."""


@dataclass(frozen=True)
class Refusal:
    """Why a bundle is not served: something is wrong with it, or it was unloaded or retired `on_request`.

    With `retry_at`, on the monotonic clock, it could not be read and is read again, as it was `attempts` times.
    """

    reason: str
    on_request: bool = False
    attempts: int = field(default=0, compare=False)
    retry_at: float | None = field(default=None, compare=False)

    @property
    def due(self) -> bool:
        """Whether it is time to read again."""
        return self.retry_at is not None and time.monotonic() >= self.retry_at


@dataclass(frozen=True)
class Repository:
    """What `root` held at one moment: the loaded bundles, and the reasons why others were refused.

    A bundle may be in both: it was loaded, and what lies in its place now was refused. `prepared` is what the loader's
    `prepare` made of each loaded bundle, `pending` what is still being loaded, `missing` what is loaded and was not
    there any more.
    """

    root: Path
    runtime: Runtime = field(default_factory=Runtime)
    bundles: dict[Key, Bundle] = field(default_factory=dict)
    refused: dict[Key, Refusal] = field(default_factory=dict)
    identities: dict[Key, Identity] = field(default_factory=dict)
    prepared: dict[Key, Any] = field(default_factory=dict)
    pending: frozenset[Key] = frozenset()
    missing: frozenset[Key] = frozenset()
    loader: Loader = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.loader is None:
            object.__setattr__(self, "loader", Loader(self.runtime))

    def refresh(self, keep: int = 3, patience: float | None = None, again: str | None = None) -> Repository:
        """Read the repository anew: per name, the newest `keep` versions that verify.

        What was loaded or refused is not read again, unless a file of it has changed, it could not be read before, or
        it has the name `again`. What takes longer than `patience` to load (None: than it may take) is pending, and
        looked at by the next refresh. A version that is gone is served until the next refresh confirms it. Raises
        `NotFound` where `root` cannot be read, and `Gone` where it is empty and something was served.
        """
        found = look(self.root)
        if self.bundles and not found:
            raise Gone(f"the model repository {self.root} holds no bundle any more; what was loaded is served on.")
        looking = _Look(self, keep, self.loader.load_seconds if patience is None else patience, again)
        for name in sorted(found.keys() | {name for name, _ in self.bundles}):
            looking.take_up(name, found.get(name, Name()))
        self.loader.forget_but(looking.pending)
        return looking.build_repository()

    def list_versions(self, name: str) -> list[int]:
        """Return the loaded versions of a name, ascending."""
        return sorted(version for known, version in self.bundles if known == name)

    @property
    def names(self) -> list[str]:
        """Names with a loaded version."""
        return sorted({name for name, _ in self.bundles})

    def resolve(self, model: str | None) -> Bundle:
        """The bundle that `name`, `name/version` or, where only one name is served, nothing, stands for.

        Raises `NotFound` with the names or versions there are.
        """
        if model is None:
            if len(self.names) != 1:
                raise NotFound(
                    f"the request names no model, and {len(self.names)} are served; set 'model' to one of: "
                    f"{', '.join(self.names) or '(none)'}.",
                    "model",
                )
            model = self.names[0]
        name, _, version = model.partition("/")
        versions = self.list_versions(name)
        if not versions:
            raise NotFound(f"no model {show(name)} is served; there is: {', '.join(self.names) or '(none)'}.", "model")
        number = versions[-1] if "/" not in model else int(version) if re.fullmatch(VERSION_PATTERN, version) else 0
        if number not in versions:
            served = ", ".join(map(str, versions))
            raise NotFound(f"model {name!r} has no version {show(version)} here; it has: {served}.", "model")
        return self.bundles[name, number]


class _Look:
    """One refresh under way: what it has taken up so far."""

    def __init__(self, before: Repository, keep: int, patience: float, again: str | None) -> None:
        self._before, self._keep, self._patience, self._again = before, keep, patience, again
        self._bundles: dict[Key, Bundle] = {}
        self._refused: dict[Key, Refusal] = {}
        self._identities: dict[Key, Identity] = {}
        self._prepared: dict[Key, Any] = {}
        self.pending: set[Key] = set()
        self._missing: set[Key] = set()

    def take_up(self, name: str, seen: Name) -> None:
        """Take up the newest versions of one name."""
        loaded = {version for known, version in self._before.bundles if known == name}
        if seen.error is not None:
            newest = max(seen.versions | loaded, default=0)
            self._refused[name, newest] = Refusal(seen.error)
            for version in loaded:
                self._keep_loaded((name, version))
            return
        kept = 0
        for version in sorted(seen.versions | loaded, reverse=True):
            if kept == self._keep:
                return
            if version <= seen.unloaded:
                self._refused[name, version] = Refusal(UNLOADED, on_request=True)
                return
            if version in seen.retired:
                self._refused[name, version] = Refusal(RETIRED, on_request=True)
                continue
            self._take_up_version((name, version), version in seen.versions)
            kept += (name, version) in self._bundles

    def _take_up_version(self, key: Key, is_there: bool) -> None:
        now = read_identity(self._name_directory(key)) if is_there else None
        if now is None:
            if key not in self._before.missing and self._keep_loaded(key):
                self._missing.add(key)
            return
        known = self._before.identities.get(key)
        refusal = self._before.refused.get(key)
        is_due = key[0] == self._again or key in self._before.pending or (refusal is not None and refusal.due)
        if known == now and not is_due:
            self._keep_loaded(key)
            if refusal:
                self._refused[key] = refusal
                self._identities[key] = now
        else:
            self._load(key, now, refusal)

    def _load(self, key: Key, now: Identity, refusal: Refusal | None) -> None:
        """Read a version; where that fails, what was loaded from its place before stays."""
        loader = self._before.loader
        if key[0] == self._again:
            loader.forget(key)
        try:
            loading = loader.load(key, self._name_directory(key), now, self._patience)
            if loading.error is not None:
                raise loading.error
        except Pending:
            self._keep_loaded(key)
            self.pending.add(key)
            if refusal:
                self._refused[key] = refusal
            return
        except BundleError as error:
            self._keep_loaded(key)
            attempts = 1 + (refusal.attempts if refusal else 0)
            pause = min(FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 20), LAST_RETRY_SECONDS)
            retry_at = time.monotonic() + pause if isinstance(error, Unreadable) else None
            self._refused[key] = Refusal(error.message, attempts=attempts, retry_at=retry_at)
            self._identities[key] = now
            return
        assert loading.bundle is not None
        self._bundles[key], self._prepared[key] = loading.bundle, loading.prepared
        self._identities[key] = loading.identity

    def _keep_loaded(self, key: Key) -> bool:
        before = self._before
        if key not in before.bundles:
            return False
        self._bundles[key], self._identities[key] = before.bundles[key], before.identities[key]
        self._prepared[key] = before.prepared[key]
        return True

    def _name_directory(self, key: Key) -> Path:
        return self._before.root / key[0] / str(key[1])

    def build_repository(self) -> Repository:
        """The repository as it was found."""
        return replace(
            self._before,
            bundles=self._bundles,
            refused=self._refused,
            identities=self._identities,
            prepared=self._prepared,
            pending=frozenset(self.pending),
            missing=frozenset(self._missing),
        )

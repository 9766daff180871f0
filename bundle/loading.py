"""Loads each bundle in a thread of its own, with a deadline, whatever its graphs do.

Each is loaded by a thread of its own. At its deadline the graph call under way is ended between two of its nodes, which
also ends a loop that would go on for ever, and the bundle is refused. What does not end even then, inside a single node
or while onnxruntime reads a graph, is left alone: it is counted, the same files are not loaded again until it has
ended, and where there are too many of them, of its name or of all, nothing more is loaded. A thread cannot bound the
memory that a graph takes, nor outlive a fault of onnxruntime: for that a bundle can be tried in a process first
(`bundle/trial.py`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from bundle.engine.bundle import Bundle, Terms, check_signed
from bundle.engine.sessions import Interrupt, Runtime, allow_interrupt
from bundle.errors import BundleError, SeriesmithError
from bundle.looking import Identity
from bundle.reading import Unreadable
from bundle.trial import try_bundle

logger = logging.getLogger(__name__)

Key = tuple[str, int]

GRACE_SECONDS = 1.0
"""How long an interrupted load is waited for; between two nodes of a graph milliseconds pass."""

MOST_ABANDONED = 4
"""Loads that do not end; each may keep the cores of a graph call busy."""

MOST_OF_NAME = 2
"""Of those, under one name: what is published in place of a bundle that hangs can be loaded, and files that change all
the time take no room from other names."""

Prepare = Callable[[Bundle], object]


class Pending(Exception):
    """The bundle is still being loaded; a later look finds out."""


class Loading:
    """One bundle being loaded by a thread of its own: at the end there is a `bundle`, or an `error`."""

    def __init__(
        self,
        key: Key,
        directory: Path,
        identity: Identity,
        runtime: Runtime,
        terms: Terms,
        prepare: Prepare,
        seconds: float,
    ) -> None:
        self.key, self.identity, self.started = key, identity, time.monotonic()
        self.bundle: Bundle | None = None
        self.prepared: object = None
        self.error: BundleError | None = None
        self._interrupt = Interrupt()
        self._arguments = directory, runtime, terms, prepare, seconds
        self._thread = threading.Thread(target=self._load, name=f"loading {key[0]}/{key[1]}", daemon=True)
        self._thread.start()

    def _load(self) -> None:
        directory, runtime, terms, prepare, seconds = self._arguments
        try:
            if terms.trial_bytes:
                check_signed(directory, terms)  # what nobody trusts does not run there either
                tried = try_bundle(directory, terms.most_bytes, terms.trial_bytes, seconds, self._interrupt)
                terms = replace(terms, manifest_sha256=tried)
            with allow_interrupt(self._interrupt):
                bundle = Bundle.load(directory, runtime, terms)
                try:
                    bundle.warm_up()
                    self.prepared = prepare(bundle)
                except Exception as error:  # whatever one bundle holds, the others are served
                    raise BundleError(f"it verifies but does not run: {str(error)[:400]}") from error
            self.bundle = bundle
        except SeriesmithError as error:
            self.error = error if isinstance(error, BundleError) else BundleError(error.message)
        except BaseException as error:
            logger.exception("%s/%d cannot be loaded", *self.key)
            self.error = BundleError(f"it cannot be loaded: {type(error).__name__}.")

    @property
    def ended(self) -> bool:
        """Whether the thread is done."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Wait for the thread to end, for at most `seconds`; whether it has."""
        self._thread.join(max(0.0, seconds))
        return self.ended

    def interrupt(self) -> None:
        """End its graph calls."""
        self._interrupt.set()


class Loader:
    """Loads bundles for a repository; `load_seconds` is the deadline of each. Call from one thread at a time.

    `prepare` is called with each bundle that verified, within the deadline too; see `Loading.prepared`.
    """

    def __init__(
        self,
        runtime: Runtime | None = None,
        terms: Terms | None = None,
        load_seconds: float = 60.0,
        prepare: Prepare = lambda bundle: None,
    ) -> None:
        self.runtime, self.terms = runtime or Runtime(), terms or Terms()
        self.load_seconds, self._prepare = load_seconds, prepare
        self._loadings: dict[Key, Loading] = {}
        self._abandoned: list[Loading] = []

    @property
    def abandoned(self) -> int:
        """Loads past their deadline that have not ended."""
        self._abandoned = [loading for loading in self._abandoned if not loading.ended]
        return len(self._abandoned)

    def load(self, key: Key, directory: Path, identity: Identity, patience: float) -> Loading:
        """Return the ended load of a bundle; begin it where there is none, or the bundle has changed (`identity`).

        Raises `Pending` when it takes longer than `patience`, and `BundleError` where it took, or would take, too long.
        """
        loading = self._loadings.get(key) or self._start(key, directory, identity)
        left = loading.started + self.load_seconds - time.monotonic()
        if loading.wait(min(patience, left)):
            del self._loadings[key]
            return loading
        if time.monotonic() - loading.started < self.load_seconds:
            raise Pending
        self.forget(key)
        raise BundleError(
            f"it was not loaded within {self.load_seconds:g} s: a graph of it takes too long, or for ever; "
            "SERIESMITH_LOAD_SECONDS sets how long it may take."
        )

    def close(self) -> None:
        """End every load."""
        self.forget_but(())

    def forget_but(self, keys: Collection[Key]) -> None:
        """End every load of other bundles than these."""
        for key in [key for key in self._loadings if key not in keys]:
            self.forget(key)

    def forget(self, key: Key) -> None:
        """End the load of a bundle, if there is one, and abandon it where it does not end."""
        if loading := self._loadings.pop(key, None):
            loading.interrupt()
            if not loading.wait(GRACE_SECONDS):
                self._abandoned.append(loading)
                logger.error("loading %s/%d does not end; it is left alone, and counted", *key)

    def _start(self, key: Key, directory: Path, identity: Identity) -> Loading:
        hanging = [loading for loading in self._abandoned if not loading.ended]
        if any((loading.key, loading.identity) == (key, identity) for loading in hanging):
            raise BundleError(
                f"an earlier load of {key[0]} has not ended; the same files are not loaded again before it has."
            )
        if sum(loading.key[0] == key[0] for loading in hanging) >= MOST_OF_NAME:
            raise Unreadable(
                f"{MOST_OF_NAME} earlier loads of {key[0]} have not ended; nothing of it is loaded before."
            )
        if len(hanging) >= MOST_ABANDONED:
            raise Unreadable(f"{len(hanging)} loads of other bundles do not end; restart the server to load more.")
        loading = Loading(key, directory, identity, self.runtime, self.terms, self._prepare, self.load_seconds)
        self._loadings[key] = loading
        return loading

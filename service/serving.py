"""The models being served: loaded, and refreshed from disk while requests are answered."""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path

from bundle.engine.bundle import Bundle, Terms
from bundle.engine.sessions import Runtime
from bundle.errors import SeriesmithError, Unsupported
from bundle.loading import Loader
from bundle.repository import Repository
from bundle.retiring import restore, retire
from bundle.unloading import load, unload
from service import metrics
from service.budget import Budget, limit_connections
from service.drift import Drift
from service.following import Following, open_mirror
from service.identity import Identity
from service.lane import Lane
from service.observing.observer import Observer
from service.served import Served
from service.settings import Settings, find_supervisor
from service.shared_numbers import SharedNumbers

logger = logging.getLogger("bentoml.seriesmith")

SHARE_SECONDS = 1.0
"""How often the other workers are told what this one has counted."""

PATIENCE_SECONDS = 1.0
"""How long a refresh waits for one bundle to load; what takes longer loads on beside it."""

FIRST_LOOK_SECONDS = 20.0
"""How long the start waits for a registry; what comes later is taken up when it comes."""

POLL_SECONDS = 0.05
"""Between two looks at what is still being loaded, where that is waited for."""


class Serving:
    """The state that the operations run on. `start` loads the models, and `stop` ends the calls.

    In between, versions are loaded and retired without a pause.
    """

    def __init__(self, settings: Settings, gpu: int = 0) -> None:
        self.settings = settings
        self.identity = Identity(settings)
        self.lane = Lane(settings.queue_rows)
        self.bytes = Budget(settings.max_held_bytes, "bytes of requests and of answers")
        self.connections = Budget(limit_connections(settings.max_connections), "connections")
        runtime = Runtime(settings.device, settings.threads_per_call, gpu, settings.gpu_bytes)
        trusted = Path(settings.trusted_keys) if settings.trusted_keys else None
        terms = Terms(settings.max_bundle_bytes, trusted, settings.trial_bytes)
        loader = Loader(runtime, terms, settings.load_seconds, self._prepare)
        self.drift = Drift(self.lane, settings.drift_rows)
        self.repository = Repository(settings.repository, runtime, loader=loader)
        self.following: Following | None = None
        self._resolved: dict[str | None, Served] = {}
        self._refreshing = asyncio.Lock()
        self._trouble = ""
        self.draining = False
        self.loop: asyncio.AbstractEventLoop
        self._tasks: list[asyncio.Task[None]] = []
        self.observer = Observer(settings, self.identity) if settings.observes else None
        supervisor = find_supervisor()
        self.numbers = SharedNumbers(supervisor.folder if supervisor else None)

    @property
    def ready(self) -> bool:
        """Whether at least one bundle is loaded, verified and warm, and the server is not about to stop."""
        return bool(self.repository.bundles) and not self.draining

    @property
    def refused(self) -> dict[tuple[str, int], str]:
        """Why versions are not served, those included that could not be taken over from a registry."""
        found = {key: refusal.reason for key, refusal in self.repository.refused.items()}
        return (self.following.refused if self.following else {}) | found

    @property
    def why_not_ready(self) -> str:
        """Why nothing is served, in words."""
        if self.following and (self.following.trouble or not self.following.done.is_set()):
            return "the registry of the models has not answered yet; the log says more"
        return "no model is served, or the server is stopping"

    def resolve(self, model: str | None) -> Served:
        """See `Repository.resolve`."""
        served = self._resolved.get(model)
        if served is None:
            manifest = self.repository.resolve(model).manifest
            served = self._resolved[model] = self.repository.prepared[manifest.name, manifest.version]
        return served

    def _prepare(self, bundle: Bundle) -> Served:
        return Served(bundle, self.lane, self.settings.batch_rows)

    async def start(self) -> None:
        """Load every bundle, then watch the repository; where it is elsewhere, its mirror follows it."""
        self.loop = asyncio.get_running_loop()
        if fallback := self.repository.runtime.explain_fallback():
            logger.warning("%s", fallback)
        if mirror := open_mirror(self.settings):
            self.following = Following(mirror, self.settings.registry_seconds)
            await self.following.start(FIRST_LOOK_SECONDS)
        await self.refresh()
        while self.repository.pending:
            await asyncio.sleep(POLL_SECONDS)
            await self.refresh()
        # What was imported and loaded stays for good: collecting garbage among it halted requests for 50 ms at a time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        metrics.queue_rows.follow(lambda: self.lane.queued_rows)
        metrics.held_bytes.follow(lambda: self.bytes.held)
        metrics.connections.follow(lambda: self.connections.held)
        metrics.served.follow_values(lambda: [(name, str(version)) for name, version in self.repository.bundles])
        if following := self.following:
            metrics.registry_behind.follow(lambda: int(bool(following.trouble)))
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._share_numbers())]
        self._tasks.append(asyncio.create_task(self.drift.measure_for_ever()))

    async def stop(self) -> None:
        """Stop watching the repository, and wait for running calls to end."""
        if self.following:
            self.following.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._refreshing:
            await asyncio.to_thread(self.repository.loader.close)
        self.lane.close()
        if self.observer is not None:
            await asyncio.to_thread(self.observer.close)
        await self.numbers.share(metrics.read_numbers())

    async def _share_numbers(self) -> None:
        while True:
            await self.numbers.share(metrics.read_numbers())
            await asyncio.sleep(SHARE_SECONDS)

    async def load(self, name: str) -> None:
        """Read the bundle of a name again and serve it. Raises a `SeriesmithError` with the reason where the newest
        version cannot be served."""
        if self.following:
            await asyncio.to_thread(self.following.follow)
        else:
            await asyncio.to_thread(load, self.repository.root, name)
        await self.refresh(again=name)
        await self._wait_for(name)
        served = self.repository.list_versions(name)
        listed = self.repository.refused.items()  # of which some are retired
        refused = {key[1]: refusal for key, refusal in listed if key[0] == name and not refusal.on_request}
        newest = max(refused, default=0)
        if served and newest < served[-1]:
            return
        reason = f"version {newest} is refused: {refused[newest].reason}" if newest else "it has no version."
        goes_on = f" Version {served[-1]} goes on being served as it was loaded." if served else ""
        raise Unsupported(f"{name!r} cannot be loaded: {reason}{goes_on}")

    async def _wait_for(self, name: str) -> None:
        """Wait until nothing of a name is being loaded any more."""
        while any(pending == name for pending, _ in self.repository.pending):
            await asyncio.sleep(POLL_SECONDS)
            await self.refresh()

    async def unload(self, name: str) -> None:
        """Stop serving a name in every worker, also after a restart, until it is loaded or has a newer version."""
        newest = self.repository.resolve(name).manifest.version
        self._require_own()
        await asyncio.to_thread(unload, self.repository.root, name, newest)
        await self.refresh()

    async def retire(self, name: str, version: int) -> None:
        """Stop serving one version in every worker, also after a restart, until it is restored.

        Raises `NotFound`, and `Unsupported` where no other version would be served.
        """
        self._require_own()
        served = self.repository.list_versions(name)
        await asyncio.to_thread(retire, self.repository.root / name, version, served)
        await self.refresh()

    async def restore(self, name: str, version: int) -> None:
        """Serve a retired version again, where it is among the newest. Raises `NotFound`, and `Unsupported`."""
        self._require_own()
        await asyncio.to_thread(restore, self.repository.root / name, version)
        await self.refresh()
        await self._wait_for(name)

    def _require_own(self) -> None:
        """Raise `Unsupported` where the repository mirrors another, which alone says what is served."""
        if self.following:
            raise Unsupported(
                f"the models are those of {self.following.place}, and which of them answers is said there: `seriesmith "
                "models promote`, `rollback`, `restore` or `alias`, with --models and that URL."
            )

    async def refresh(self, again: str | None = None) -> None:
        """Take up what changed on disk, and read the bundle `again` whether it changed or not.

        Loading runs in a thread while requests are answered; one assignment changes over. A caller that leaves does not
        cancel it.
        """
        await asyncio.shield(asyncio.ensure_future(self._refresh_alone(again)))

    async def _refresh_alone(self, again: str | None) -> None:
        async with self._refreshing:
            before = self.repository
            after = await asyncio.to_thread(before.refresh, self.settings.keep_versions, PATIENCE_SECONDS, again)
            self._log_changes(before, after)
            self._resolved, self.repository = {}, after

    def _log_changes(self, before: Repository, after: Repository) -> None:
        for key, refusal in after.refused.items():
            if key not in before.refused or before.refused[key] != refusal:
                level = logging.INFO if refusal.on_request else logging.ERROR
                goes_on = "; what was loaded is served on" if key in after.bundles else ""
                logger.log(level, "%s/%d is not served: %s%s", *key, refusal.reason, goes_on)
        for key, bundle in after.bundles.items():
            if before.bundles.get(key) is not bundle:
                logger.info("%s/%d is served on %s", *key, bundle.provider)
        for key in before.bundles.keys() - after.bundles.keys():
            logger.info("%s/%d is retired", *key)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.settings.refresh_seconds)
            self.identity.refresh()
            try:
                await self.refresh()
            except SeriesmithError as error:
                self._note_trouble(f"the model repository cannot be read: {error.message}")
            except Exception:
                logger.exception("refreshing the models failed; what was serving goes on serving")
            else:
                self._note_trouble("")

    def _note_trouble(self, trouble: str) -> None:
        """Log what keeps the repository from being read when it begins, when it changes and when it ends."""
        if trouble and trouble != self._trouble:
            logger.error("%s", trouble)
        if self._trouble and not trouble:
            logger.info("the model repository can be read again")
        self._trouble = trouble

"""The models being served: loaded, refreshed from disk while answering, and batched."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable

import numpy as np

from models.bundle import Bundle
from models.errors import SeriesmithError, Unsupported
from models.repository import Key, Repository
from models.sessions import Runtime
from models.unloading import load, unload
from service import metrics
from service.batcher import Batcher, brief_rows
from service.budget import Budget
from service.identity import Identity
from service.lane import Array, Lane, Place, Rows
from service.settings import Settings, find_supervisor
from service.shared_numbers import SharedNumbers

logger = logging.getLogger("bentoml.seriesmith")


BRIEF_SECONDS = 0.00025
"""A graph call as short as that is made on the event loop."""

BRIEF_ROWS = 64

SHARE_SECONDS = 0.25
"""How often the other workers are told what this one has counted."""


BATCH_ROWS = {"CPUExecutionProvider": 32, "CUDAExecutionProvider": 256}


class Served:
    """A bundle with one batcher per row-wise computation."""

    def __init__(self, bundle: Bundle, lane: Lane, max_rows: int) -> None:
        self.bundle, self.lane = bundle, lane
        functions = {
            "encode": bundle.encode,
            "reconstruct": lambda series: (bundle.decode(bundle.encode(series)[0]),),
            "typicality": lambda series: (bundle.typicality(bundle.encode(series)[0]),),
        }
        if bundle.labelled:
            functions["classify"] = lambda series: (bundle.classify(series),)
        if bundle.manifest.calibration is None:
            del functions["typicality"]
        self._batchers = {name: self._batcher(name, function, max_rows) for name, function in functions.items()}

    def _batcher(self, computation: str, function: Callable[[Array], Rows], max_rows: int) -> Batcher:
        shape = self.bundle.manifest.series
        one = np.zeros((1, shape.n_channels, shape.n_timepoints), np.float32)
        max_rows = max_rows or BATCH_ROWS.get(self.bundle.provider, 32)
        brief = brief_rows(function, one, BRIEF_SECONDS, BRIEF_ROWS)
        return Batcher(function, self.lane, max_rows, computation, self.bundle.manifest.name, brief)

    def admitted(self, operation: str, n_rows: int) -> Place:
        """Hold a place for the series of one request, and count them. Raises `Overloaded`."""
        place = self.lane.admitted(n_rows)
        metrics.rows.inc((operation, self.bundle.manifest.name), n_rows)
        return place

    async def encode(self, series: Array) -> Rows:
        """posterior_mean, posterior_log_variance."""
        return await self._batchers["encode"].submit(series)

    async def reconstruct(self, series: Array) -> Rows:
        """The reconstruction, alone in a tuple."""
        return await self._batchers["reconstruct"].submit(series)

    async def classify(self, series: Array) -> Rows:
        """class_probabilities, alone in a tuple. Raises `Unsupported` when the data had no labels."""
        self.bundle.require_classifier()
        return await self._batchers["classify"].submit(series)

    async def typicality(self, series: Array) -> Rows:
        """typicality, alone in a tuple. Raises `Unsupported` when there were too few cases to judge it."""
        self.bundle.require_calibration()
        return await self._batchers["typicality"].submit(series)


class Serving:
    """What the operations run on. `start` loads, `stop` ends; between them versions come and go without a pause."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.identity = Identity(settings)
        self.lane = Lane(settings.queue_rows)
        self.bytes = Budget(settings.max_held_bytes, "bytes of requests and of answers not read yet")
        self.connections = Budget(settings.max_connections, "connections")
        self.repository = Repository(settings.models, Runtime(settings.device, settings.threads_per_call))
        self._served: dict[Key, Served] = {}
        self._resolved: dict[str | None, Served] = {}
        self._refreshing = asyncio.Lock()
        self.draining = False
        self.loop: asyncio.AbstractEventLoop
        self._tasks: list[asyncio.Task[None]] = []
        supervisor = find_supervisor()
        self.numbers = SharedNumbers(supervisor.folder if supervisor else None)

    @property
    def ready(self) -> bool:
        """Whether at least one bundle is loaded, verified and warm, and the server is not about to stop."""
        return bool(self.repository.bundles) and not self.draining

    def resolve(self, model: str | None) -> Served:
        """See `Repository.resolve`."""
        served = self._resolved.get(model)
        if served is None:
            manifest = self.repository.resolve(model).manifest
            served = self._resolved[model] = self._served[manifest.name, manifest.version]
        return served

    async def start(self) -> None:
        """Load every bundle, then watch the repository."""
        self.loop = asyncio.get_running_loop()
        await self.refresh()
        # What was imported and loaded stays: looking through it for garbage halted requests for 50 ms at a time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        metrics.queue_rows.follow(lambda: self.lane.queued_rows)
        metrics.held_bytes.follow(lambda: self.bytes.held)
        metrics.connections.follow(lambda: self.connections.held)
        self._tasks = [asyncio.create_task(self._watched()), asyncio.create_task(self._shared())]

    async def stop(self) -> None:
        """Stop watching; running calls end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.lane.close()
        await self.numbers.share(metrics.read_numbers())

    async def _shared(self) -> None:
        while True:
            await self.numbers.share(metrics.read_numbers())
            await asyncio.sleep(SHARE_SECONDS)

    async def load(self, name: str) -> None:
        """Have a name served, with what there is of it now. Raises a `SeriesmithError` that says why it cannot be."""
        await asyncio.to_thread(load, self.repository.root, name)
        await self.refresh()
        if not self.repository.versions(name):
            refused = [refusal for (known, _), refusal in self.repository.refused.items() if known == name]
            raise Unsupported(f"{name!r} cannot be loaded: {refused[-1].reason if refused else 'it has no version.'}")

    async def unload(self, name: str) -> None:
        """Have a name no longer served, by any worker, until it is loaded or has a newer version."""
        newest = self.repository.resolve(name).manifest.version
        await asyncio.to_thread(unload, self.repository.root, name, newest)
        await self.refresh()

    async def refresh(self) -> None:
        """Take up what changed on disk. Loading happens beside the serving; the change-over is one assignment."""
        async with self._refreshing:
            await self._refreshed()

    async def _refreshed(self) -> None:
        before = self.repository
        after = await asyncio.to_thread(before.refreshed, self.settings.keep_versions)
        for key, refusal in after.refused.items():
            if key not in before.refused or before.refused[key] != refusal:
                level = logging.INFO if refusal.on_request else logging.ERROR
                logger.log(level, "%s/%d is not served: %s", *key, refusal.reason)
        served = {
            key: self._served[key]
            if before.bundles.get(key) is bundle
            else await asyncio.to_thread(Served, bundle, self.lane, self.settings.batch_rows)
            for key, bundle in after.bundles.items()
        }
        for key, bundle in after.bundles.items():
            if before.bundles.get(key) is not bundle:
                logger.info("%s/%d is served on %s", *key, bundle.provider)
        for key in before.bundles.keys() - after.bundles.keys():
            logger.info("%s/%d is retired", *key)
        self._served, self._resolved, self.repository = served, {}, after

    async def _watched(self) -> None:
        while True:
            await asyncio.sleep(self.settings.refresh_seconds)
            self.identity.refresh()
            try:
                await self.refresh()
            except SeriesmithError as error:
                logger.error("the model repository cannot be read: %s", error.message)
            except Exception:
                logger.exception("refreshing the models failed; what was serving goes on serving")

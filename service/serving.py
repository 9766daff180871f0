"""The models being served: loaded, refreshed from disk while answering, and batched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from models.bundle import Bundle
from models.errors import SeriesmithError
from models.repository import Key, Repository
from models.sessions import Runtime
from service import metrics
from service.batcher import Array, Batcher, Lane, Rows
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")


@dataclass
class Served:
    """A bundle with one batcher per row-wise computation."""

    bundle: Bundle
    lane: Lane
    max_rows: int
    _batchers: dict[str, Batcher] = field(default_factory=dict)

    @contextmanager
    def admitted(self, operation: str, n_rows: int) -> Iterator[None]:
        """Hold a place for the series of one request, and count them. Raises `Overloaded`."""
        with self.lane.admitted(n_rows):
            metrics.rows.labels(operation, self.bundle.manifest.name).inc(n_rows)
            yield

    async def encode(self, series: Array) -> Rows:
        """posterior_mean, posterior_log_variance."""
        return await self._batched("encode", series)

    async def reconstruct(self, series: Array) -> Rows:
        """The reconstruction, alone in a tuple."""
        return await self._batched("reconstruct", series)

    async def classify(self, series: Array) -> Rows:
        """class_probabilities, alone in a tuple."""
        return await self._batched("classify", series)

    async def typicality(self, series: Array) -> Rows:
        """typicality, alone in a tuple."""
        return await self._batched("typicality", series)

    async def _batched(self, computation: str, series: Array) -> Rows:
        batcher = self._batchers.get(computation)
        if batcher is None:
            function, name = getattr(self, f"_{computation}_rows"), self.bundle.manifest.name
            batcher = Batcher(function, self.lane, self.max_rows, computation, name)
            self._batchers[computation] = batcher
        return await batcher.submit(series)

    def _encode_rows(self, series: Array) -> Rows:
        return self.bundle.encode(series)

    def _reconstruct_rows(self, series: Array) -> Rows:
        return (self.bundle.decode(self.bundle.encode(series)[0]),)

    def _classify_rows(self, series: Array) -> Rows:
        return (self.bundle.classify(series),)

    def _typicality_rows(self, series: Array) -> Rows:
        return (self.bundle.typicality(self.bundle.encode(series)[0]),)


class Serving:
    """What the operations run on. `start` loads, `stop` ends; between them versions come and go without a pause."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lane = Lane(settings.queue_rows)
        self.repository = Repository(settings.models, Runtime(settings.device, settings.threads_per_call))
        self._served: dict[Key, Served] = {}
        self._watch: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether at least one bundle is loaded, verified and warm."""
        return bool(self.repository.bundles)

    def resolve(self, model: str | None) -> Served:
        """See `Repository.resolve`."""
        manifest = self.repository.resolve(model).manifest
        return self._served[manifest.name, manifest.version]

    async def start(self) -> None:
        """Load every bundle, then watch the repository."""
        await self.refresh()
        self._watch = asyncio.create_task(self._watched())

    async def stop(self) -> None:
        """Stop watching; running calls end."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self.lane.close()

    async def refresh(self) -> None:
        """Take up what changed on disk. Loading happens beside the serving; the change-over is one assignment."""
        before = self.repository
        after = await asyncio.to_thread(before.refreshed, self.settings.keep_versions)
        for key, refusal in after.refused.items():
            if key not in before.refused or before.refused[key] != refusal:
                logger.error("%s/%d is refused: %s", *key, refusal.reason)
        served = {
            key: self._served[key]
            if before.bundles.get(key) is bundle
            else Served(bundle, self.lane, self.settings.batch_rows)
            for key, bundle in after.bundles.items()
        }
        for key, bundle in after.bundles.items():
            if before.bundles.get(key) is not bundle:
                logger.info("%s/%d is served on %s", *key, bundle.provider)
        for key in before.bundles.keys() - after.bundles.keys():
            logger.info("%s/%d is retired", *key)
        self._served, self.repository = served, after

    async def _watched(self) -> None:
        while True:
            await asyncio.sleep(self.settings.refresh_seconds)
            try:
                await self.refresh()
            except SeriesmithError as error:
                logger.error("the model repository cannot be read: %s", error.message)
            except Exception:
                logger.exception("refreshing the models failed; what was serving goes on serving")

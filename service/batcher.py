"""Work-conserving batching: while one batch runs, arrivals queue; when it ends, up to max_rows go in the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import Overloaded, Unavailable
from service import metrics

Array = NDArray[np.float32]
Rows = tuple[Array, ...]
Waiting = tuple[Array, "asyncio.Future[Rows]"]
Result = TypeVar("Result")

STOPPING = "the server is stopping; send the request to another, or again in a moment."


class Lane:
    """The one thread that runs graphs, and the bound on what may wait for it."""

    def __init__(self, limit_rows: int) -> None:
        self._limit_rows = limit_rows
        self._queued_rows = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inference")

    @contextmanager
    def admitted(self, n_rows: int) -> Iterator[None]:
        """Hold a place for `n_rows` until they are answered. Raises `Overloaded` when there is none."""
        if self._queued_rows + n_rows > self._limit_rows:
            raise Overloaded(
                f"{self._queued_rows} series are waiting and {n_rows} more would exceed the limit of "
                f"{self._limit_rows}; send the request again in a moment."
            )
        self._queued_rows += n_rows
        metrics.queue_rows.set(self._queued_rows)
        try:
            yield
        finally:
            self._queued_rows -= n_rows
            metrics.queue_rows.set(self._queued_rows)

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call `function` on the lane's thread, after what is there already."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def close(self) -> None:
        """Let what runs end; nothing more is taken."""
        self._thread.shutdown(wait=True, cancel_futures=True)


class Batcher:
    """Merges the rows of concurrent callers into calls of one row-wise function.

    `function` takes `[n, …]` and answers arrays `[n, …]`; callers must have made shapes canonical, so that no row can
    fail another. A request larger than `max_rows` goes in pieces, and others get in between.
    """

    def __init__(
        self, function: Callable[[Array], Rows], lane: Lane, max_rows: int, operation: str, model: str
    ) -> None:
        self._function, self._lane, self._max_rows = function, lane, max_rows
        self._waiting: deque[Waiting] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._batch_rows = metrics.batch_rows.labels(operation, model)
        self._seconds = metrics.inference_seconds.labels(operation, model)

    async def submit(self, rows: Array) -> Rows:
        """The function's answer for these rows."""
        if len(rows) <= self._max_rows:
            return await self._enqueued(rows)
        pieces = [
            await self._enqueued(rows[start : start + self._max_rows]) for start in range(0, len(rows), self._max_rows)
        ]
        return tuple(np.concatenate(column) for column in zip(*pieces, strict=True))

    def _enqueued(self, rows: Array) -> asyncio.Future[Rows]:
        future: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, future))
        if self._drain is None:
            self._drain = asyncio.create_task(self._drained())
        return future

    async def _drained(self) -> None:
        try:
            while batch := self._next_batch():
                await self._answered(batch)
        finally:
            self._drain = None
            _fail(self._waiting, Unavailable(STOPPING))
            self._waiting.clear()

    def _next_batch(self) -> list[Waiting]:
        batch: list[Waiting] = []
        n_rows = 0
        while self._waiting and n_rows + len(self._waiting[0][0]) <= self._max_rows:
            rows, future = self._waiting.popleft()
            if not future.done():
                batch.append((rows, future))
                n_rows += len(rows)
        return batch

    async def _answered(self, batch: list[Waiting]) -> None:
        try:
            joined = np.concatenate([rows for rows, _ in batch]) if len(batch) > 1 else batch[0][0]
            self._batch_rows.observe(len(joined))
            answers = await self._lane.run(self._timed, joined)
        except asyncio.CancelledError:
            _fail(batch, Unavailable(STOPPING))
            raise
        except Exception as error:
            return _fail(batch, error)
        start = 0
        for rows, future in batch:
            if not future.done():
                future.set_result(tuple(answer[start : start + len(rows)] for answer in answers))
            start += len(rows)
        return None

    def _timed(self, rows: Array) -> Rows:
        with self._seconds.time():
            return self._function(rows)


def _fail(waiting: Iterable[Waiting], error: Exception) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)

"""Work-conserving batching: while one batch runs, arrivals queue; when it ends, or they fill a batch, they go next."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from bundle.errors import Unavailable
from service import metrics
from service.lane import STOPPING, Array, Lane, Rows
from service.observing.record import CURRENT, Record, Watched, note_call

PIECE_ROWS = 128
"""Rows of one call for a large request: as fast as larger ones, and over in a few milliseconds."""

Waiting = tuple[Array, "asyncio.Future[Rows]", float, Record | None]
"""Rows, who waits for their answer, since when, and the record of the request."""


class Batcher:
    """Merges the rows of concurrent callers into calls of one row-wise function.

    `function` takes `[n, …]` and answers arrays `[n, …]`; callers must have made shapes canonical, so that no row can
    fail another. A batch of at most `brief_rows` runs on the event loop itself: it is over before another thread would
    have woken. A request of more than `max_rows` goes in pieces of `piece_rows`, and others get in between.
    """

    def __init__(
        self,
        function: Callable[[Array], Rows],
        lane: Lane,
        max_rows: int,
        operation: str,
        model: str,
        brief_rows: int = 0,
        piece_rows: int = PIECE_ROWS,
    ) -> None:
        self._function, self._lane = function, lane
        self._max_rows, self._brief_rows, self._piece_rows = max_rows, brief_rows, piece_rows
        self._labels = (operation, model)
        self._waiting: deque[Waiting] = deque()
        self._waiting_rows = self._sent_batches = 0
        self._scheduled = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def submit(self, rows: Array) -> Rows:
        """Run the function on `rows` `[n, …]` and return its arrays `[n, …]`. Raises what the function raises."""
        if len(rows) <= self._max_rows:
            return await self._enqueue(rows)
        starts = range(0, len(rows), self._piece_rows)
        pieces = [rows[start : start + self._piece_rows] for start in starts]
        answers, coming = [], self._push(pieces[0], patient=True)
        try:
            for piece in pieces[1:]:
                done, coming = coming, self._push(piece, patient=True)  # the lane is never without the next one
                answers.append(await done)
            answers.append(await coming)
        finally:
            coming.cancel()
        return tuple(np.concatenate(column) for column in zip(*answers, strict=True))

    def _push(
        self, rows: Array, count: int = 1, since: float = 0.0, patient: bool = False, watched: Watched | None = None
    ) -> asyncio.Future[Rows]:
        metrics.batch_rows.observe(self._labels, len(rows))
        since = since or time.perf_counter()
        return self._lane.submit(self._compute, rows, count, since, patient=patient, watched=watched)

    def _enqueue(self, rows: Array) -> asyncio.Future[Rows]:
        loop = self._get_loop()
        future: asyncio.Future[Rows] = loop.create_future()
        if self._lane.closed:
            future.set_exception(Unavailable(STOPPING))
            return future
        self._waiting.append((rows, future, time.perf_counter(), CURRENT.get()))
        self._waiting_rows += len(rows)
        if self._may_send() and not self._scheduled:  # what else has arrived in this turn of the loop comes along
            self._scheduled = True
            loop.call_soon(self._send)
        return future

    def _may_send(self) -> bool:
        """Whether a batch may go to the lane: none is there, or one is and a full one can wait behind it.

        With a full batch waiting, the lane never waits for the event loop.
        """
        return self._sent_batches == 0 or (self._sent_batches == 1 and self._waiting_rows >= self._max_rows)

    def _send(self) -> None:
        self._scheduled = False
        while self._may_send() and (batch := self._take_batch()):
            joined = np.concatenate([rows for rows, _, _, _ in batch]) if len(batch) > 1 else batch[0][0]
            if self._sent_batches == 0 and len(joined) <= self._brief_rows:
                self._compute_at_once(batch, joined)
            else:
                self._sent_batches += 1
                done = self._push(joined, len(batch), _measure_since(batch), watched=_watch(batch))
                done.add_done_callback(partial(self._finish_batch, batch))

    def _compute_at_once(self, batch: list[Waiting], rows: Array) -> None:
        metrics.batch_rows.observe(self._labels, len(rows))
        watched = _watch(batch)
        start = time.perf_counter() if watched else 0.0
        try:
            answers = self._compute(rows, len(batch), _measure_since(batch))
        except Exception as error:
            _fail(batch, error)
        else:
            note_call(watched, start)
            _answer(batch, answers)

    def _take_batch(self) -> list[Waiting]:
        batch: list[Waiting] = []
        n_rows = 0
        while self._waiting and n_rows + len(self._waiting[0][0]) <= self._max_rows:
            waiting = self._waiting.popleft()
            rows, future, _, _ = waiting
            self._waiting_rows -= len(rows)
            if not future.done():
                batch.append(waiting)
                n_rows += len(rows)
        return batch

    def _finish_batch(self, batch: list[Waiting], done: asyncio.Future[Rows]) -> None:
        self._sent_batches -= 1
        error = done.exception()
        if error is None:
            _answer(batch, done.result())
        else:
            _fail(batch, error)
        self._send()

    def _get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, looked up once: asyncio.get_running_loop is a system call until Python 3.12."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _compute(self, rows: Array, count: int, since: float) -> Rows:
        """The function's answer for `count` requests that have waited since `since`, the sum of when they came."""
        start = time.perf_counter()
        metrics.queue_seconds.add(self._labels, count, count * start - since)
        answer = self._function(rows)
        metrics.inference_seconds.observe(self._labels, time.perf_counter() - start)
        return answer


def _measure_since(batch: list[Waiting]) -> float:
    return sum([since for _, _, since, _ in batch])


def _watch(batch: list[Waiting]) -> Watched:
    return tuple([(record, since) for _, _, since, record in batch if record is not None])


def _answer(batch: list[Waiting], answers: Rows) -> None:
    start = 0
    for rows, future, _, _ in batch:
        end = start + len(rows)
        if not future.done():
            future.set_result(tuple([answer[start:end] for answer in answers]))
        start = end


def _fail(waiting: Iterable[Waiting], error: BaseException) -> None:
    for _, future, _, _ in waiting:
        if not future.done():
            future.set_exception(error)


def measure_brief_rows(function: Callable[[Array], Any], one: Array, seconds: float, most: int) -> int:
    """Measure how many rows like `one` `[1, …]` a call computes in `seconds`: a power of two up to `most`, or 0."""
    rows = 0
    while max(2 * rows, 1) <= most:
        candidate = max(2 * rows, 1)
        if min(_measure_seconds(function, np.repeat(one, candidate, axis=0)) for _ in range(5)) > seconds:
            break
        rows = candidate
    return rows


def _measure_seconds(function: Callable[[Array], Any], rows: Array) -> float:
    start = time.perf_counter()
    function(rows)
    return time.perf_counter() - start

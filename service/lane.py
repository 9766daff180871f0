"""The one thread that runs graphs, the order of its calls, and the bound on the rows that may wait for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from bundle.errors import Overloaded, Unavailable
from service.observing.record import Watched, note_call, watch_current

Array = NDArray[np.float32]
Rows = tuple[Array, ...]
Result = TypeVar("Result")
Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[object, ...], Watched]

STOPPING = "the server is stopping; send the request to another, or again in a moment."

URGENT_IN_A_ROW = 4
"""How many urgent calls may go before a patient one that waits: neither kind starves the other."""


class Place:
    """A request's share of the bound on waiting rows; the end of the block gives it back."""

    __slots__ = ("_lane", "_n_rows")

    def __init__(self, lane: Lane, n_rows: int) -> None:
        self._lane, self._n_rows = lane, n_rows

    def __enter__(self) -> None:
        pass

    def __exit__(self, *ending: object) -> None:
        self._lane.queued_rows -= self._n_rows
        self._n_rows = 0


class Lane:
    """Runs calls one after the other, urgent ones in the order of their arrival and before patient ones.

    The pieces of large requests are patient, so that a small request waits for at most one of them. After
    `URGENT_IN_A_ROW` urgent calls a patient one that waits has its turn.
    """

    def __init__(self, limit_rows: int) -> None:
        self._limit_rows = limit_rows
        self.queued_rows = 0
        self.closed = False
        self._jobs: SimpleQueue[Job | Literal["patient"] | None] = SimpleQueue()
        self._patient: deque[Job] = deque()
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    def admit(self, n_rows: int) -> Place:
        """Take a place for `n_rows`; the end of its block gives it back. Raises `Overloaded` when there is none."""
        if self.queued_rows + n_rows > self._limit_rows:
            raise self._explain_overload(n_rows)
        self.queued_rows += n_rows
        return Place(self, n_rows)

    def require_room(self) -> None:
        """Raise `Overloaded` where not even one more row has a place. Called before anything is spent on a request."""
        if self.queued_rows >= self._limit_rows:
            raise self._explain_overload(1)

    def _explain_overload(self, n_rows: int) -> Overloaded:
        return Overloaded(
            f"{self.queued_rows} series are waiting and {n_rows} more would exceed the limit of "
            f"{self._limit_rows}; send the request again in a moment."
        )

    def submit(
        self, function: Callable[..., Result], *arguments: object, patient: bool = False, watched: Watched | None = None
    ) -> asyncio.Future[Result]:
        """Queue a call of `function` on the lane's thread; a call whose future is cancelled before is skipped.

        `watched` are the records of the requests that it serves (default: the current one).
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self.closed:
            future.set_exception(Unavailable(STOPPING))
            return future
        job = future, function, arguments, watch_current() if watched is None else watched
        if patient:
            self._patient.append(job)
            self._jobs.put("patient")
        else:
            self._jobs.put(job)
        return future

    async def run(self, function: Callable[..., Result], *arguments: object, patient: bool = False) -> Result:
        """Run `function` on the lane's thread and return its result. Raises what it raises."""
        return await self.submit(function, *arguments, patient=patient)

    def close(self) -> None:
        """Wait for the running call to end; waiting and later calls raise `Unavailable`."""
        self.closed = True
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        for future, function, arguments, watched in self._take_jobs():
            if future.cancelled():
                continue
            if self.closed:
                _settle_later(future, future.set_exception, Unavailable(STOPPING))
                continue
            start = time.perf_counter() if watched else 0.0
            try:
                result = function(*arguments)
                note_call(watched, start)
            except Exception as error:
                _settle_later(future, future.set_exception, error)
            else:
                _settle_later(future, future.set_result, result)

    def _take_jobs(self) -> Iterator[Job]:
        """Yield the calls in the order in which they run, until the lane closes and none is left."""
        n_patient = streak = 0
        while True:
            if n_patient and (streak >= URGENT_IN_A_ROW or self._jobs.empty()):
                n_patient, streak = n_patient - 1, 0
                yield self._patient.popleft()
                continue
            job = self._jobs.get()
            if job is None:
                yield from (self._patient.popleft() for _ in range(n_patient))
                return
            if job == "patient":
                n_patient += 1
                continue
            streak += 1
            yield job


def _settle_later(future: asyncio.Future[Any], settle: Callable[[Any], None], value: Any) -> None:
    """Settle a future on its own event loop, unless its caller has left or the loop has ended."""
    loop = future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(lambda: None if future.done() else settle(value))

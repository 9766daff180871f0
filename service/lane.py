"""The one thread that runs graphs, the order in which it does, and the bound on what may wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import Overloaded, Unavailable

Array = NDArray[np.float32]
Rows = tuple[Array, ...]
Result = TypeVar("Result")
Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[object, ...]]

STOPPING = "the server is stopping; send the request to another, or again in a moment."

URGENT_IN_A_ROW = 4
"""How many urgent calls may go before a patient one that waits: neither kind starves the other."""


class Place:
    """What a request takes of the bound, for as long as the block lasts."""

    __slots__ = ("_lane", "_n_rows")

    def __init__(self, lane: Lane, n_rows: int) -> None:
        self._lane, self._n_rows = lane, n_rows

    def __enter__(self) -> None:
        pass

    def __exit__(self, *ending: object) -> None:
        self._lane.queued_rows -= self._n_rows
        self._n_rows = 0


class Lane:
    """Calls go one after the other, in the order in which they come; the pieces of large requests are patient.

    A patient call lets urgent ones go first, so that a small request waits for one piece at most, however
    many there are.
    """

    def __init__(self, limit_rows: int) -> None:
        self._limit_rows = limit_rows
        self.queued_rows = 0
        self.closed = False
        self._jobs: SimpleQueue[Job | Literal["patient"] | None] = SimpleQueue()
        self._patient: deque[Job] = deque()
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    def admitted(self, n_rows: int) -> Place:
        """Take a place for `n_rows`, given back when they are answered. Raises `Overloaded` when there is none."""
        if self.queued_rows + n_rows > self._limit_rows:
            raise self._overloaded(n_rows)
        self.queued_rows += n_rows
        return Place(self, n_rows)

    def require_room(self) -> None:
        """Raise `Overloaded` where not even one row more has a place: before anything is spent on a request."""
        if self.queued_rows >= self._limit_rows:
            raise self._overloaded(1)

    def _overloaded(self, n_rows: int) -> Overloaded:
        return Overloaded(
            f"{self.queued_rows} series are waiting and {n_rows} more would exceed the limit of "
            f"{self._limit_rows}; send the request again in a moment."
        )

    def submit(
        self, function: Callable[..., Result], *arguments: object, patient: bool = False
    ) -> asyncio.Future[Result]:
        """Call `function` on the lane's thread, after what is there already; not at all, when cancelled before."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if self.closed:
            future.set_exception(Unavailable(STOPPING))
        elif patient:
            self._patient.append((future, function, arguments))
            self._jobs.put("patient")
        else:
            self._jobs.put((future, function, arguments))
        return future

    async def run(self, function: Callable[..., Result], *arguments: object, patient: bool = False) -> Result:
        """What `submit` ends with."""
        return await self.submit(function, *arguments, patient=patient)

    def close(self) -> None:
        """Let what runs end; what waits fails, and nothing more is taken."""
        self.closed = True
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        for future, function, arguments in self._ordered():
            if future.cancelled():
                continue
            if self.closed:
                _later(future, future.set_exception, Unavailable(STOPPING))
                continue
            try:
                result = function(*arguments)
            except Exception as error:
                _later(future, future.set_exception, error)
            else:
                _later(future, future.set_result, result)

    def _ordered(self) -> Iterator[Job]:
        """The calls in the order in which they are made, until the lane closes and none is left."""
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


def _later(future: asyncio.Future[Any], settle: Callable[[Any], None], value: Any) -> None:
    """Settle a future on its own event loop, unless its caller has left or the loop has ended."""
    loop = future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(lambda: None if future.done() else settle(value))

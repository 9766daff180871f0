"""What is noted of one request while it is answered. Where nothing is observed there is no record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MOST_CALLS = 50
"""Graph calls of one request that are noted one by one; a long stream has thousands, which are still added up."""


class Phase(NamedTuple):
    """A part of a request's time, in seconds of `time.perf_counter`. `call`: of a graph call, within another phase."""

    name: str
    start: float
    end: float
    call: bool = False


class Ending(Protocol):
    """How a request that is counted ended, as `service.metrics.Outcome` knows it."""

    operation: str
    model: str
    ending: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came: over `http` or `grpc`, from the address `client`, `start` on `time.perf_counter`'s clock.

    The rest are its headers, or its metadata.
    """

    wire: str
    method: str
    path: str
    client: str
    start: float
    request_id: bytes = b""
    authorization: bytes = b""
    forwarded: bytes = b""
    traceparent: bytes = b""
    tracestate: bytes = b""


class Record:
    """Filled while a request is answered; `error` is what it was refused with."""

    __slots__ = (
        "_marked",
        "answer_bytes",
        "arrival",
        "calls",
        "error",
        "inference_seconds",
        "outcome",
        "phases",
        "queue_seconds",
        "request_bytes",
        "status",
    )

    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.status: int | str = ""
        self.request_bytes = self.answer_bytes = 0
        self.outcome: Ending | None = None
        self.error: Exception | None = None
        self.phases: list[Phase] = []
        self.calls = 0
        self.queue_seconds = self.inference_seconds = 0.0
        self._marked = arrival.start

    def mark(self, name: str) -> None:
        """End the phase that began at the last mark, and give it its name."""
        now = time.perf_counter()
        self.phases.append(Phase(name, self._marked, now))
        self._marked = now

    def add_call(self, since: float, start: float, end: float) -> None:
        """Note a graph call that was asked for at `since`, began at `start`, and may have served other requests too."""
        self.calls += 1
        self.queue_seconds += start - since
        self.inference_seconds += end - start
        if self.calls <= MOST_CALLS:
            self.phases += Phase("queue", since, start, call=True), Phase("inference", start, end, call=True)


Watched = tuple[tuple[Record, float], ...]
"""The records of the requests that a graph call serves, each with the time since when it waits for the call."""

CURRENT: ContextVar[Record | None] = ContextVar("record", default=None)
"""The record of the request that the running task answers; None where nothing is observed."""


def describe_peer(peer: object) -> str:
    """Write a peer's name, as a transport has it, as address and port; empty where it is no address."""
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) > 1 else ""


@contextmanager
def make_current(record: Record | None) -> Iterator[None]:
    """Make a record the current one in the block, which runs in no task of its own."""
    token = CURRENT.set(record)
    try:
        yield
    finally:
        CURRENT.reset(token)


def note_error(error: Exception) -> None:
    """Note what the current request is refused with."""
    if (record := CURRENT.get()) is not None:
        record.error = error


def note_read(size: int) -> None:
    """Note that the body of the current request, of `size` bytes, has been read."""
    if (record := CURRENT.get()) is not None:
        record.request_bytes = size
        record.mark("read")


def note_written(size: int) -> None:
    """Note that `size` bytes more of the answer to the current request were sent."""
    if (record := CURRENT.get()) is not None:
        record.answer_bytes += size


def mark(name: str) -> None:
    """End a phase of the current request."""
    if (record := CURRENT.get()) is not None:
        record.mark(name)


def watch_current() -> Watched:
    """Return the current request, as a graph call has it that it asks for now."""
    record = CURRENT.get()
    return () if record is None else ((record, time.perf_counter()),)


def note_call(watched: Watched, start: float) -> None:
    """Note a graph call that began at `start` and is over now, with each request that it served."""
    if watched:
        end = time.perf_counter()
        for record, since in watched:
            record.add_call(since, start, end)

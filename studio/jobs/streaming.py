"""A job's events as a stream for browsers (server-sent events): what its files say, and what the table says of it.

An event's id is how far the two files have been read, `<bytes of events>-<bytes of log>`: a client that sends the last
one it got as Last-Event-ID goes on after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import orjson

from studio.jobs.events import Folder, parse_event, read_lines
from studio.jobs.queue import Job, Queue

LOOK_SECONDS, HEARTBEAT_SECONDS = 0.25, 10.0

STATE_SECONDS = 0.75
"""Between two looks at the table."""

SHOWN = {"stage": "stage", "stage_end": "stage", "step": "step", "look": "look"}
"""Events of a fit that are streamed, by the names that they have in the stream."""

BEGIN = b"retry: 1000\n\n"
HEARTBEAT = b": alive\n\n"


class Places:
    """How far the files of a job have been read."""

    def __init__(self, folder: Folder, last_id: str) -> None:
        self._folder = folder
        events, _, log = last_id.partition("-")
        known = events.isdecimal() and log.isdecimal() and len(last_id) < 40
        self._events, self._log = (int(events), int(log)) if known else (0, 0)

    def read(self) -> bytes:
        """The next piece of both files, as events of the stream; b"" where there is no more for now."""
        pieces = []
        lines, end = read_lines(self._folder.events, self._events)
        for line in lines:
            self._events += len(line) + 1
            event = parse_event(line)
            if event is not None and (kind := event.pop("event")) in SHOWN:
                ended = {"ended": kind == "stage_end"} if SHOWN[kind] == "stage" else {}
                pieces.append(_write(SHOWN[kind], event | ended, self._id))
        self._events = end
        lines, end = read_lines(self._folder.log, self._log)
        for line in lines:
            self._log += len(line) + 1
            if line:
                pieces.append(_write("log", {"line": line.decode(errors="replace")}, self._id))
        self._log = end
        return b"".join(pieces)

    @property
    def _id(self) -> str:
        return f"{self._events}-{self._log}"


def _write(event: str, data: Any, id: str = "") -> bytes:
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    named = b"id: %s\n" % id.encode() if id else b""
    return b"%sevent: %s\ndata: %s\n\n" % (named, event.encode(), body)


async def stream_events(
    queue: Queue, id: str, folder: Folder, last_id: str, is_stopping: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    """Yield pieces of the stream until the job has ended and all was told, or the server stops."""
    places = Places(folder, last_id)
    told: Job | None = None
    looked = beaten = 0.0
    yield BEGIN
    while not is_stopping():
        now = time.monotonic()
        job = told
        if job is None or now - looked >= STATE_SECONDS:
            job, looked = await asyncio.to_thread(queue.get, id), now
        while piece := await asyncio.to_thread(places.read):  # after the state: nothing comes after an end
            beaten = time.monotonic()
            yield piece
        if job.has_ended:
            yield _write("state", job.describe()) + _write("end", job.describe())
            return
        if job != told:
            told, beaten = job, time.monotonic()
            yield _write("state", job.describe())
        if time.monotonic() - beaten >= HEARTBEAT_SECONDS:
            beaten = time.monotonic()
            yield HEARTBEAT
        await asyncio.sleep(LOOK_SECONDS)

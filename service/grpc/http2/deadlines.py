"""Deadlines of a peer: for its greeting, whole headers, a whole body, reading answers, and a sign of life.

A timer checks them every `tick` seconds, so that a call itself pays nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from service.grpc.http2 import frames
from service.grpc.http2.core import Core
from service.grpc.http2.frames import Fault, Violation, frame

ALIVE = b"alive???"
"""Of the ping that asks a peer whether it is still there."""


@dataclass(frozen=True)
class Bounds:
    """Seconds for a greeting or a block of headers, for a body, for reading an answer, and between calls."""

    head: float = 10.0
    body: float = 60.0
    write: float = 30.0
    idle: float = 300.0

    @property
    def tick(self) -> float:
        """Seconds between two checks."""
        return max(0.05, min(self.head, self.body, self.write, self.idle) / 8)


class Deadlines:
    """The deadlines of one connection. `check` ends what is overdue, and says whether the connection may go on."""

    __slots__ = ("_asked", "_block", "_bounds", "_core", "_heard", "_marks", "_seen", "_stalled", "used")

    def __init__(self, core: Core, bounds: Bounds, now: float) -> None:
        self._core, self._bounds = core, bounds
        self.used = self._heard = now
        self._block: float | None = now
        self._seen = 0
        self._asked: float | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self._stalled: dict[int, tuple[int, float]] = {}

    def check(self, now: float, heard: bool) -> bool:
        """End what is overdue at `now`, in seconds; whether the connection goes on.

        `heard` says whether the peer has sent anything since the last check. A peer that does not even read is cut off
        (False), since no message would reach it.
        """
        core = self._core
        if heard:
            self._heard, self._asked = now, None
        core.count_streams()
        if core.streams or core.last != self._seen:
            self.used, self._seen = now, core.last
        self._check_head(now)
        self._check_bodies(now)
        alive = self._check_answers(now)
        if not core.closing and core.streams:
            return self._check_life(now) and alive
        if not core.closing and core.greeted and now - self.used > self._bounds.idle:
            core.break_off(frames.NO_ERROR, "there was no call for too long")
        return alive

    def _check_head(self, now: float) -> None:
        """End the connection where the greeting or a block of headers is not whole in time."""
        if not self._core.has_half_a_block():
            self._block = None
        elif self._block is None:
            self._block = now
        elif now - self._block > self._bounds.head:
            self._core.break_off(frames.ENHANCE_YOUR_CALM, "headers, or the first settings, did not come in time")

    def _check_bodies(self, now: float) -> None:
        """Expire the streams whose body is not whole in time."""
        core, marks, mark = self._core, self._marks, 0
        while marks and now - marks[0][0] > self._bounds.body:
            mark = marks.popleft()[1]
        if core.streams and (not marks or marks[-1][1] != core.last):
            marks.append((now, core.last))
        for number, stream in list(core.streams.items()) if mark else ():
            if number <= mark and stream.is_due():
                try:
                    stream.expire()
                except Fault as fault:
                    self._reset(number, fault.code)

    def _check_answers(self, now: float) -> bool:
        """Reset the streams whose peer has taken nothing of the answer for too long."""
        outbox, before = self._core.outbox, self._stalled
        self._stalled = {}
        for number, stream in list(outbox.held.items()):
            flushed, since = before.get(number, (-1, now))
            if flushed != stream.flushed:
                since = now
            elif now - since > self._bounds.write:
                if outbox.paused:
                    return False
                self._reset(number, frames.CANCEL)
                continue
            self._stalled[number] = stream.flushed, since
        return True

    def _check_life(self, now: float) -> bool:
        """Ping a silent peer that waits for an answer; False where it does not reply in time."""
        if self._asked is not None:
            return now - self._asked <= self._bounds.write
        if now - self._heard > self._bounds.idle:
            self._asked = now
            self._core.outbox.write(frame(frames.PING, 0, 0, ALIVE))
        return True

    def _reset(self, number: int, code: int) -> None:
        try:
            self._core.reset(number, code)
        except Violation as violation:
            self._core.break_off(violation.code, str(violation))

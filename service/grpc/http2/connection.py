"""A connection of a peer: moves bytes between its transport and its core, in turns, and looks at the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from service.budget import Budget
from service.grpc.http2 import frames
from service.grpc.http2.core import Core
from service.grpc.http2.deadlines import Bounds, Deadlines
from service.grpc.http2.holding import Holding
from service.grpc.http2.hpack import Header
from service.grpc.http2.stream import Stream

UNREAD_BYTES = 2**20
"""Answers to pings, settings and refused streams that a peer may leave unread."""

LINGER_SECONDS = 1.0
"""For a peer that is told to go to read why, before the connection is cut,"""

LINGER_BYTES = 2**20
"""and what it may still send meanwhile."""


class Http2Connection(asyncio.Protocol):
    """`read` makes what it wants of a stream's headers, once for equal ones; `make` makes the stream of that.

    `held` and `connections` are the budgets of all; where there are too many connections, the one of `others`, which it
    joins, that was idle for longest has to go, or this one, where all are busy.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        read: Callable[[list[Header]], Any],
        make: Callable[[Core, int, Any], Stream],
        gone: Callable[[Http2Connection], None],
        held: Budget,
        connections: Budget,
        others: set[Http2Connection],
        bounds: Bounds,
    ) -> None:
        self.core = Core(read, make, Holding(held), self._emit)
        self._gone, self._connections, self._others, self._bounds = gone, connections, others, bounds
        self._busy = self._ending = self._heard = False
        self._ignored = 0
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio calls

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.core.peer = transport.get_extra_info("peername")
        self._others.add(self)  # not before: where a TLS handshake fails nothing is made, and nothing lost
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self.core, self._bounds, self._loop.time())
        room = self._connections.has_room(1) or self._evict()
        self._connections.force(1)
        self._emit(self.core.outbox.take())
        if room:
            self._timer = self._loop.call_later(self._bounds.tick, self._check)
        else:
            self.core.break_off(frames.ENHANCE_YOUR_CALM, "the server has too many connections; come again later")

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connections.give(1)
        self.core.lose()
        self._gone(self)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._ending:
            self._ignored += len(data)
            if self._ignored > LINGER_BYTES:
                self.transport.abort()
            return
        self._follow(self.core.receive(data))

    def pause_writing(self) -> None:
        self.core.outbox.paused = True

    def resume_writing(self) -> None:
        self.core.outbox.paused = False
        self.core.outbox.flush()

    # What the server calls

    def leave(self) -> None:
        """Tell the peer to go elsewhere; when it knows, no more streams are taken."""
        self.core.leave()

    def refuse_streams(self) -> None:
        """Take no more streams; close when those in flight have ended."""
        self.core.refuse_streams()

    @property
    def idle_since(self) -> float | None:
        """When its last call ended, as far as is known; None while there is one."""
        return None if self.core.streams or self._ending else self._deadlines.used

    def _follow(self, more: bool) -> None:
        """Send what a turn has brought; where not everything is worked off, others come before the next one."""
        data = self.core.outbox.take()
        if data or self.core.closing:
            self._emit(data)
        if more:
            if not self._busy:
                self._busy = True
                self.transport.pause_reading()
                self._loop.call_soon(self._proceed)
        elif self._busy:
            self._busy = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    def _proceed(self) -> None:
        if not self._ending:
            more = self.core.proceed()
            self._follow(more)
            if more:
                self._loop.call_soon(self._proceed)

    def _emit(self, data: bytes) -> None:
        if self._ending:
            return
        self.transport.write(data)
        core = self.core
        if core.closing:
            self._end()
        elif core.outbox.paused and self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()

    def _end(self) -> None:
        """Close behind what was sent. A peer at fault may be sending still, and would not read why it has to go if the
        connection were closed on what it sends."""
        self._ending = True
        if not self.core.at_fault or not self.transport.can_write_eof():
            self._loop.call_later(self._bounds.write, self.transport.abort)
            self.transport.close()
            return
        self._loop.call_later(LINGER_SECONDS, self.transport.abort)
        if self._busy:
            self.transport.resume_reading()
        self.transport.write_eof()

    def _check(self) -> None:
        heard, self._heard = self._heard, False
        if not self._deadlines.check(self._loop.time(), heard):
            self.transport.abort()
        elif not self._ending:
            self._timer = self._loop.call_later(self._bounds.tick, self._check)

    def _evict(self) -> bool:
        idle = [(other.idle_since, id(other), other) for other in self._others if other is not self]
        waiting = [one for one in idle if one[0] is not None]
        if not waiting:
            return False
        min(waiting)[2].core.break_off(frames.NO_ERROR, "the server needs the room; it was idle for longest")
        return True

"""One request and answer on a connection, sent within the windows that the peer grants."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from service.grpc.http2.calm import Calm
from service.grpc.http2.frames import (
    CANCEL,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_BYTES,
    HEAD,
    HEADERS,
    Fault,
    frame,
    frame_headers,
)
from service.grpc.http2.outbox import STREAM_BYTES, Outbox
from service.grpc.http2.windows import Windows

UNREAD_BYTES = 2**24
"""Of answers that wait on a connection before the next one is begun."""


class Carrier(Protocol):
    """A connection's core, as its streams see it."""

    outbox: Outbox
    calm: Calm
    working: int

    def finish_stream(self, stream: Stream, data: bytes) -> None:
        """Send the last bytes of a stream, and forget it."""

    def refund(self, stream: Stream) -> None:
        """Count what the frames of a stream cost as useful."""

    def lighten(self) -> None:
        """Begin other answers, where so many bytes have been sent that they may."""


class Stream:
    """A subclass decides what becomes of a request: the core calls
    `receive_head`, `receive_data`, `receive_end` and `give_up`.

    `remaining`: bytes of the body to come, where the headers say it. `cost`: bytes of headers that were decoded for it.
    `flushed`: frames of waiting bytes that were sent.
    """

    __slots__ = (
        "_begun",
        "_drained",
        "_trailers",
        "_waiting",
        "begun",
        "core",
        "cost",
        "flushed",
        "half_closed",
        "number",
        "open",
        "remaining",
        "windows",
    )

    def __init__(self, core: Carrier, number: int) -> None:
        self.core, self.number = core, number
        self.windows = Windows(core.outbox.peer_window, STREAM_BYTES)
        self.open, self.begun, self.half_closed = True, False, False
        self.remaining: int | None = None
        self.cost = self.flushed = 0
        self._waiting: deque[memoryview] = deque()
        self._trailers: bytes | None = None
        self._drained: asyncio.Future[None] | None = None
        self._begun: asyncio.Future[None] | None = None

    def receive_head(self) -> None:
        """Called once, when the headers have arrived."""

    def receive_data(self, data: bytes) -> None:
        """Called for each piece of the body; `consume` then lets the peer send as much again."""

    def receive_end(self) -> None:
        """Called once the body is whole."""

    def give_up(self) -> None:
        """Called when the peer has reset the stream, or the connection is lost."""

    def is_due(self) -> bool:
        """Whether the peer owes the rest of the body."""
        return not self.half_closed

    def expire(self) -> None:
        """Called when the body did not arrive in time."""
        raise Fault(CANCEL, "the body did not come in time")

    def consume(self, size: int) -> None:
        """Let the peer send `size` bytes again, since as many of the body have been worked off."""
        outbox = self.core.outbox
        grant = outbox.windows.consume(size)
        if grant:
            outbox.grant(0, grant)
        if self.half_closed or not self.open:
            return
        grant = self.windows.consume(size)
        if grant:
            outbox.grant(self.number, grant)

    def answer(self, head: bytes, body: bytes, trailers: bytes) -> None:
        """Send a whole answer, of which nothing has been sent: blocks of headers, with the body between.

        Raises `Overloaded`, and sends nothing, where it has to wait and cannot be held.
        """
        outbox, number, size = self.core.outbox, self.number, len(body)
        if size > FRAME_BYTES or size > outbox.windows.outbound or size > self.windows.outbound or outbox.paused:
            self.send(body, head)
            self.end(trailers)
            return
        outbox.windows.outbound -= size
        self.core.finish_stream(
            self,
            b"".join(
                (
                    HEAD.pack(0, len(head), HEADERS, END_HEADERS, number),
                    head,
                    HEAD.pack(size >> 8, size & 0xFF, DATA, 0, number),
                    body,
                    HEAD.pack(0, len(trailers), HEADERS, END_HEADERS | END_STREAM, number),
                    trailers,
                )
            ),
        )

    def refuse(self, head: bytes) -> None:
        """Send headers that end the stream."""
        self.core.finish_stream(self, frame_headers(self.number, head, end=True))

    def begin(self, head: bytes) -> None:
        """Send headers."""
        self.begun = True
        self.core.outbox.write(frame_headers(self.number, head, end=False))

    def send(self, body: bytes, head: bytes | None = None) -> None:
        """Send a piece of the body, now or when the peer grants it; the first piece takes the `head` along.

        Raises `Overloaded`, and sends nothing, where it has to wait and cannot be held.
        """
        if self.open:
            outbox = self.core.outbox
            outbox.hold(self, len(body))
            if head is not None:
                self.begin(head)
            self._waiting.append(memoryview(body))
            outbox.flush()

    def end(self, trailers: bytes) -> None:
        """Send a last block of headers, behind all of the body."""
        if not self.open:
            return
        self._trailers = trailers
        if not self._waiting:
            self._close()

    async def drain(self) -> None:
        """Wait until everything sent so far has been handed to the transport."""
        if self._waiting:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def may_begin(self) -> bool:
        """Whether an answer may begin: the peer grants bytes and has read earlier answers, so that nothing piles up."""
        return self.windows.outbound > 0 and self.core.outbox.unread <= UNREAD_BYTES

    async def wait_until_ready(self) -> None:
        """Wait until an answer may begin."""
        while not self.may_begin():
            self._begun = asyncio.get_running_loop().create_future()
            await self._begun

    def begin_if_ready(self) -> None:
        """Check again whether an answer may begin, and wake the one that waits."""
        if self._begun is not None and not self._begun.done() and self.may_begin():
            self._begun.set_result(None)

    def drop(self) -> None:
        """Discard the bytes that wait to be sent."""
        self.core.outbox.pay(sum(map(len, self._waiting)))
        self._waiting.clear()
        self.core.outbox.release(self)

    def flush(self) -> bool:
        """Send one frame of what waits; whether there was one that may be sent."""
        outbox = self.core.outbox
        room = max(0, min(self.windows.outbound, outbox.windows.outbound, FRAME_BYTES))
        if not self._waiting or (room == 0 < len(self._waiting[0])) or outbox.paused:
            return False
        part = self._waiting[0]
        if len(part) > room:
            self._waiting[0], part = part[room:], part[:room]
        else:
            self._waiting.popleft()
        size = len(part)
        self.windows.outbound -= size
        outbox.windows.outbound -= size
        outbox.write(frame(DATA, 0, self.number, bytes(part)))
        outbox.pay(size)
        self.core.calm.trifles.tokens += 2
        self.flushed += 1
        if not self._waiting:
            outbox.release(self)
            if self._drained is not None and not self._drained.done():
                self._drained.set_result(None)
            if self._trailers is not None:
                self._close()
        self.core.lighten()
        return True

    def _close(self) -> None:
        assert self._trailers is not None
        self.core.finish_stream(self, frame_headers(self.number, self._trailers, end=True))

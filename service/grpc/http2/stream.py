"""One exchange on a connection: what is sent goes within the windows that the peer grants."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from service.grpc.http2.frames import DATA, END_HEADERS, END_STREAM, FRAME_BYTES, HEAD, HEADERS, frame, headers

if TYPE_CHECKING:
    from service.grpc.http2.connection import Connection


class Stream:
    """A subclass says what becomes of what is received: `opened` to `left` are called as that happens."""

    __slots__ = ("_drained", "_trailers", "_waiting", "begun", "connection", "half_closed", "number", "open", "window")

    def __init__(self, connection: Connection, number: int) -> None:
        self.connection, self.number = connection, number
        self.window = connection.peer_window
        self.open, self.begun, self.half_closed = True, False, False
        self._waiting: deque[memoryview] = deque()
        self._trailers: bytes | None = None
        self._drained: asyncio.Future[None] | None = None

    def opened(self) -> None:
        """The headers have come."""

    def received(self, data: bytes) -> None:
        """Some of the body has come."""

    def ended(self) -> None:
        """The body is whole."""

    def left(self) -> None:
        """The peer has given up the exchange, or the connection has."""

    def answer(self, head: bytes, body: bytes, trailers: bytes) -> None:
        """Send a whole answer, of which nothing has been sent: blocks of headers, with the body between."""
        connection, number, size = self.connection, self.number, len(body)
        if size > FRAME_BYTES or size > connection.window or size > self.window or connection.paused:
            self.begin(head)
            self.send(body)
            self.end(trailers)
            return
        connection.window -= size
        connection.write(
            b"".join(
                (
                    HEAD.pack(0, len(head), HEADERS, END_HEADERS, number),
                    head,
                    HEAD.pack(size >> 8, size & 0xFF, DATA, 0, number),
                    body,
                    HEAD.pack(0, len(trailers), HEADERS, END_HEADERS | END_STREAM, number),
                    trailers,
                )
            )
        )
        connection.done(self)

    def refuse(self, head: bytes) -> None:
        """Send headers, and nothing else."""
        self.connection.write(headers(self.number, head, end=True))
        self.connection.done(self)

    def begin(self, head: bytes) -> None:
        """Send headers."""
        self.begun = True
        self.connection.write(headers(self.number, head, end=False))

    def send(self, body: bytes) -> None:
        """Send some of the body, now or when the peer grants it."""
        if self.open:
            self._waiting.append(memoryview(body))
            self.connection.hold(self)
            self.connection.flush()

    def end(self, trailers: bytes) -> None:
        """Send a last block of headers, behind all of the body."""
        if not self.open:
            return
        self._trailers = trailers
        if not self._waiting:
            self._close()

    async def drained(self) -> None:
        """Return when everything sent so far is on its way."""
        if self._waiting:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def flush(self) -> bool:
        """Send one frame of what waits; whether there was one that may be sent."""
        connection = self.connection
        room = min(self.window, connection.window, FRAME_BYTES)
        if room <= 0 or connection.paused:
            return False
        part = self._waiting[0]
        if len(part) > room:
            self._waiting[0], part = part[room:], part[:room]
        else:
            self._waiting.popleft()
        self.window -= len(part)
        connection.window -= len(part)
        connection.write(frame(DATA, 0, self.number, bytes(part)))
        if not self._waiting:
            connection.release(self)
            if self._drained is not None and not self._drained.done():
                self._drained.set_result(None)
            if self._trailers is not None:
                self._close()
        return True

    def _close(self) -> None:
        assert self._trailers is not None
        self.connection.write(headers(self.number, self._trailers, end=True))
        self.connection.done(self)

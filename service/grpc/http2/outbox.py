"""Sends the frames of a connection within the peer's windows; streams that wait take turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from service.grpc.http2.frames import NUMBER, RST_STREAM, WINDOW_BYTES, WINDOW_UPDATE, frame
from service.grpc.http2.holding import Holding
from service.grpc.http2.windows import Windows

CONNECTION_BYTES = 8 * 2**20
"""What a peer may send on all streams together before it is consumed."""

STREAM_BYTES = 2**20
"""And on one of them."""


class Waiting(Protocol):
    """A stream that has bytes to send."""

    number: int
    flushed: int

    def flush(self) -> bool:
        """Send a frame of them, if the windows allow one; whether one was sent."""


class Outbox:
    """While `corked` it gathers bytes until `take`; otherwise it calls `emit` with them.

    `windows`: of all streams together; `peer_window`: what a new stream may send; `unread`: bytes of answers that wait.
    """

    __slots__ = ("_emit", "_parts", "corked", "held", "holding", "paused", "peer_window", "unread", "windows")

    def __init__(self, holding: Holding, emit: Callable[[bytes], None]) -> None:
        self._parts: list[bytes] = []
        self._emit = emit
        self.holding = holding
        self.windows = Windows(WINDOW_BYTES, CONNECTION_BYTES)
        self.peer_window = WINDOW_BYTES
        self.corked = self.paused = False
        self.held: dict[int, Waiting] = {}
        self.unread = 0

    def write(self, data: bytes) -> None:
        """Send whole frames, or gather them while corked."""
        if self.corked:
            self._parts.append(data)
        else:
            self._emit(data)

    def take(self) -> bytes:
        """Uncork, and return the bytes that were gathered."""
        self.corked = False
        parts = self._parts
        if len(parts) == 1:
            return parts.pop()
        data = b"".join(parts)
        parts.clear()
        return data

    def reset(self, number: int, code: int) -> None:
        """Send RST_STREAM."""
        self.write(frame(RST_STREAM, 0, number, NUMBER.pack(code)))

    def grant(self, number: int, size: int) -> None:
        """Let the peer send `size` bytes more on stream `number`, or on the whole connection (0)."""
        self.write(frame(WINDOW_UPDATE, 0, number, NUMBER.pack(size)))

    def hold(self, stream: Waiting, size: int) -> None:
        """Queue a stream that has `size` more bytes to send. Raises `Overloaded` where they cannot be held."""
        self.holding.take(size)
        self.unread += size
        self.held[stream.number] = stream

    def pay(self, size: int) -> None:
        """Give back `size` held bytes, which were sent or dropped."""
        self.unread -= size
        self.holding.give(size)

    def release(self, stream: Waiting) -> None:
        """Remove a stream that has nothing more to send from the queue."""
        self.held.pop(stream.number, None)

    def flush(self) -> None:
        """Send what the windows allow, one frame of each waiting stream in turn."""
        while self.held and not self.paused and self.windows.outbound > 0:
            if not any([stream.flush() for stream in list(self.held.values())]):
                return

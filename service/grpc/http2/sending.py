"""What a connection sends: no more than the peer grants, in turns where several streams have something to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.grpc.http2 import frames
from service.grpc.http2.frames import LARGEST_WINDOW, NUMBER, SETTING, Violation, frame

if TYPE_CHECKING:
    from service.grpc.http2.stream import Stream

UNREAD_BYTES = 2**20
"""Answers to pings, settings and refused streams that a peer may leave unread."""


class Sending(asyncio.Protocol):
    """`window`: what may be sent on all streams together; `peer_window`: what a new stream may send."""

    transport: asyncio.Transport
    write: Callable[[bytes], None]

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.window = self.peer_window = frames.WINDOW_BYTES
        self.paused = False
        self._held: dict[int, Stream] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport, self.write = transport, transport.write

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.flush()

    def hold(self, stream: Stream) -> None:
        """Give a stream its turns."""
        self._held[stream.number] = stream

    def release(self, stream: Stream) -> None:
        """A stream has nothing to send any more."""
        self._held.pop(stream.number, None)

    def flush(self) -> None:
        """Send what may be sent, a frame of each stream in turn."""
        while self._held and not self.paused and self.window > 0:
            if not any([stream.flush() for stream in list(self._held.values())]):
                return

    def done(self, stream: Stream) -> None:
        """Everything is sent on a stream; what its peer still says does not matter."""
        stream.open = False
        self.streams.pop(stream.number, None)
        if not stream.half_closed:
            self.control(frames.RST_STREAM, 0, stream.number, NUMBER.pack(frames.NO_ERROR))

    def abandon(self, stream: Stream) -> None:
        """The peer, or the connection, is gone."""
        stream.open = False
        self.release(stream)
        stream.left()

    def control(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        """Send a frame that a peer can make us send; who never reads is cut off."""
        self.write(frame(kind, flags, number, payload))
        if self.transport.get_write_buffer_size() > UNREAD_BYTES and self.paused:
            self.transport.abort()

    def granted(self, flags: int, number: int, payload: bytes) -> None:
        """The peer takes more, on one stream or (0) on all together. Raises `Violation`."""
        if len(payload) != NUMBER.size:
            raise Violation(frames.FRAME_SIZE_ERROR, "a window is of four bytes")
        size = NUMBER.unpack(payload)[0] & LARGEST_WINDOW
        if not size:
            raise Violation(frames.PROTOCOL_ERROR, "a window does not grow by nothing")
        if not number:
            self.window = _sum(self.window, size)
        elif number in self.streams:
            stream = self.streams[number]
            stream.window = _sum(stream.window, size)
        if self._held:
            self.flush()

    def settings(self, flags: int, number: int, payload: bytes) -> None:
        """The peer says what it takes. Raises `Violation`."""
        if flags & frames.ACK:
            return
        if len(payload) % SETTING.size or number:
            raise Violation(frames.FRAME_SIZE_ERROR, "settings are of six bytes each")
        for name, value in SETTING.iter_unpack(payload):
            if name == frames.INITIAL_WINDOW_SIZE:
                change, self.peer_window = value - self.peer_window, _sum(value, 0)
                for stream in self.streams.values():
                    stream.window = _sum(stream.window, change)
        self.control(frames.SETTINGS, frames.ACK, 0, b"")
        self.flush()


def _sum(window: int, change: int) -> int:
    if window + change > LARGEST_WINDOW:
        raise Violation(frames.FLOW_CONTROL_ERROR, "a window is too large")
    return window + change

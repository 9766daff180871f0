"""A peer that speaks HTTP/2 to a connection of ours, frame by frame, without a network."""

from __future__ import annotations

from typing import Any

from service.grpc.http2 import frames
from service.grpc.http2.connection import Connection
from service.grpc.http2.frames import HEAD, NUMBER, PREFACE, SETTING, frame, headers
from service.grpc.http2.hpack import encoded
from service.grpc.http2.stream import Stream

ASKED = encoded([(b"x", b"1")])
ANSWER, END = encoded([(b"x", b"2")]), encoded([(b"x", b"3")])
Frame = tuple[int, int, int, bytes]


class Echo(Stream):
    """Answers with what it was sent."""

    __slots__ = ("body", "gone")

    def opened(self) -> None:
        self.body, self.gone = b"", False

    def received(self, data: bytes) -> None:
        self.body += data

    def ended(self) -> None:
        self.answer(ANSWER, self.body, END)

    def left(self) -> None:
        self.gone = True


class Wire:
    """A transport, and a peer that is as clever as a test makes it."""

    def __init__(self, greeted: bool = True) -> None:
        self.sent, self.closed, self.unread = b"", False, 0
        self.streams: list[Echo] = []
        self.heads: list[Any] = []
        self.connection = Connection(lambda given: given, self._made, lambda connection: None)
        self.connection.connection_made(self)
        if greeted:
            self.receive(PREFACE)
            self.take()

    def _made(self, connection: Connection, number: int, head: Any) -> Stream:
        self.heads.append(head)
        self.streams.append(Echo(connection, number))
        return self.streams[-1]

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def get_write_buffer_size(self) -> int:
        return self.unread

    def receive(self, data: bytes) -> None:
        """What the peer sends."""
        self.connection.data_received(data)

    def take(self) -> list[Frame]:
        """The frames sent since last time."""
        taken, place = [], 0
        while place < len(self.sent):
            high, low, kind, flags, number = HEAD.unpack_from(self.sent, place)
            end = place + HEAD.size + (high << 8 | low)
            taken.append((kind, flags, number, self.sent[place + HEAD.size : end]))
            place = end
        self.sent = b""
        return taken


def echoed(number: int, body: bytes) -> list[Frame]:
    return [
        (frames.HEADERS, frames.END_HEADERS, number, ANSWER),
        (frames.DATA, 0, number, body),
        (frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, END),
    ]


def call(number: int, body: bytes = b"hello") -> bytes:
    parts = [body[start : start + frames.FRAME_BYTES] for start in range(0, len(body), frames.FRAME_BYTES)]
    data = [frame(frames.DATA, 0, number, part) for part in parts]
    return b"".join([headers(number, ASKED, end=False), *data, frame(frames.DATA, frames.END_STREAM, number)])


def granted(number: int, size: int) -> bytes:
    return frame(frames.WINDOW_UPDATE, 0, number, NUMBER.pack(size))


def window(size: int) -> bytes:
    return frame(frames.SETTINGS, 0, 0, SETTING.pack(frames.INITIAL_WINDOW_SIZE, size))

"""A peer that speaks HTTP/2 to a connection of ours, frame by frame, without a network or a clock."""

from __future__ import annotations

from typing import Any

from service.budget import Budget
from service.grpc.http2 import frames
from service.grpc.http2.core import Core
from service.grpc.http2.frames import HEAD, NUMBER, PREFACE, SETTING, frame, frame_headers
from service.grpc.http2.holding import Holding
from service.grpc.http2.hpack import encode
from service.grpc.http2.stream import Stream

FIELDS = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/echo"), (b":authority", b"here")]
ASKED = encode(FIELDS)
ANSWER, END = encode([(b"x", b"2")]), encode([(b"x", b"3")])
Frame = tuple[int, int, int, bytes]


class Echo(Stream):
    """Answers with what it was sent."""

    __slots__ = ("body", "gone")

    def receive_head(self) -> None:
        self.body, self.gone = b"", False

    def receive_data(self, data: bytes) -> None:
        self.body += data
        self.consume(len(data))

    def receive_end(self) -> None:
        self.answer(ANSWER, self.body, END)

    def give_up(self) -> None:
        self.gone = True


class Wire:
    """A core, and a peer that is as clever as a test makes it. `now` is the time as the core knows it."""

    def __init__(self, greeted: bool = True, budget: int = 2**30) -> None:
        self.emitted, self.now = b"", 0.0
        self.streams: list[Echo] = []
        self.heads: list[Any] = []
        self.budget = Budget(budget, "bytes")
        self.core = Core(lambda given: given, self._make, Holding(self.budget), self._emit, lambda: self.now)
        if greeted:
            self.receive(PREFACE + frame(frames.SETTINGS, 0, 0))
            self.take()

    def _make(self, core: Core, number: int, head: Any) -> Stream:
        self.heads.append(head)
        self.streams.append(Echo(core, number))
        return self.streams[-1]

    def _emit(self, data: bytes) -> None:
        self.emitted += data

    @property
    def closed(self) -> bool:
        """Whether the connection ends."""
        return self.core.closing

    def receive(self, data: bytes) -> int:
        """What the peer sends; answers how many turns that takes."""
        turns, more = 1, self.core.receive(data)
        while more:
            turns, more = turns + 1, self.core.proceed()
        self.emitted += self.core.outbox.take()
        return turns

    def take(self) -> list[Frame]:
        """The frames sent since last time."""
        sent, self.emitted = self.emitted + self.core.outbox.take(), b""
        taken, place = [], 0
        while place < len(sent):
            high, low, kind, flags, number = HEAD.unpack_from(sent, place)
            end = place + HEAD.size + (high << 8 | low)
            taken.append((kind, flags, number, sent[place + HEAD.size : end]))
            place = end
        return taken


def build_echo(number: int, body: bytes) -> list[Frame]:
    return [
        (frames.HEADERS, frames.END_HEADERS, number, ANSWER),
        (frames.DATA, 0, number, body),
        (frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, END),
    ]


def call(number: int, body: bytes = b"hello") -> bytes:
    parts = [body[start : start + frames.FRAME_BYTES] for start in range(0, len(body), frames.FRAME_BYTES)]
    data = [frame(frames.DATA, 0, number, part) for part in parts]
    return b"".join([frame_headers(number, ASKED, end=False), *data, frame(frames.DATA, frames.END_STREAM, number)])


def grant(number: int, size: int) -> bytes:
    return frame(frames.WINDOW_UPDATE, 0, number, NUMBER.pack(size))


def widen(size: int) -> bytes:
    return frame(frames.SETTINGS, 0, 0, SETTING.pack(frames.INITIAL_WINDOW_SIZE, size))

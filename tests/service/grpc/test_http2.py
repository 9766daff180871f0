"""A connection follows RFC 9113: whatever way frames come, within the windows granted, and not beyond its bounds."""

from __future__ import annotations

import random
from typing import Any

import pytest

from service.grpc.http2 import frames
from service.grpc.http2.connection import LAST_CALL, MOST_STREAMS, Connection
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, PREFACE, SETTING, frame, headers
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


def _echoed(number: int, body: bytes) -> list[Frame]:
    return [
        (frames.HEADERS, frames.END_HEADERS, number, ANSWER),
        (frames.DATA, 0, number, body),
        (frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, number, END),
    ]


def _call(number: int, body: bytes = b"hello") -> bytes:
    parts = [body[start : start + frames.FRAME_BYTES] for start in range(0, len(body), frames.FRAME_BYTES)]
    data = [frame(frames.DATA, 0, number, part) for part in parts]
    return b"".join([headers(number, ASKED, end=False), *data, frame(frames.DATA, frames.END_STREAM, number)])


def _granted(number: int, size: int) -> bytes:
    return frame(frames.WINDOW_UPDATE, 0, number, NUMBER.pack(size))


def _window(size: int) -> bytes:
    return frame(frames.SETTINGS, 0, 0, SETTING.pack(frames.INITIAL_WINDOW_SIZE, size))


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_it_does_not_matter_in_what_pieces_bytes_come(step: int):
    wire = Wire(greeted=False)
    assert [kind for kind, *_ in wire.take()] == [frames.SETTINGS, frames.WINDOW_UPDATE]
    whole = PREFACE + frame(frames.SETTINGS, 0, 0) + _call(1) + _call(3)
    for start in range(0, len(whole), step):
        wire.receive(whole[start : start + step])
    assert wire.take() == [(frames.SETTINGS, frames.ACK, 0, b""), *_echoed(1, b"hello"), *_echoed(3, b"hello")]
    assert not wire.connection.streams


def test_padding_priorities_and_continued_headers_are_understood():
    wire = Wire()
    flags = frames.PADDED | frames.PRIORITISED
    wire.receive(frame(frames.HEADERS, flags, 1, b"\x02" + b"\0\0\0\0\x10" + ASKED[:2] + b"\0\0"))
    wire.receive(frame(frames.CONTINUATION, 0, 1, ASKED[2:3]) + frame(frames.CONTINUATION, 4, 1, ASKED[3:]))
    wire.receive(frame(frames.DATA, frames.PADDED | frames.END_STREAM, 1, b"\x03hello\0\0\0"))
    assert wire.take() == _echoed(1, b"hello") and wire.heads == [[(b"x", b"1")]]


def test_headers_too_long_for_a_frame_go_in_several():
    wire, block = Wire(), encoded([(b"x", b"1")]) * 4000
    parts = headers(1, block, end=False)
    kinds = []
    while parts:
        high, low, kind, flags, _ = HEAD.unpack_from(parts)
        kinds.append((kind, flags))
        parts = parts[HEAD.size + (high << 8 | low) :]
    assert kinds == [(frames.HEADERS, 0), (frames.CONTINUATION, frames.END_HEADERS)]
    assert not wire.closed


def test_a_ping_is_answered_and_what_is_not_known_is_ignored():
    wire = Wire()
    wire.receive(frame(0xFA, 0xFF, 7, b"what?") + frame(frames.PRIORITY, 0, 1, bytes(5)) + frame(frames.GOAWAY, 0, 0))
    wire.receive(frame(frames.PING, 0, 0, b"12345678") + _call(1))
    assert wire.take() == [(frames.PING, frames.ACK, 0, b"12345678"), *_echoed(1, b"hello")]


def test_nothing_is_sent_beyond_the_windows_and_all_of_it_within_them():
    wire = Wire()
    wire.receive(_window(4) + _call(1, b"0123456789"))
    assert wire.take()[1:] == [_echoed(1, b"")[0], (frames.DATA, 0, 1, b"0123")]
    wire.receive(_granted(1, 3))
    assert wire.take() == [(frames.DATA, 0, 1, b"456")]
    wire.receive(_window(5))  # for open streams too: one more
    assert wire.take() == [(frames.SETTINGS, frames.ACK, 0, b""), (frames.DATA, 0, 1, b"7")]
    wire.receive(_window(0) + _granted(1, 5))  # five less, which the grant only makes good
    assert [kind for kind, *_ in wire.take()] == [frames.SETTINGS]
    wire.receive(_granted(1, 2))
    assert wire.take() == [(frames.DATA, 0, 1, b"89"), _echoed(1, b"")[2]]
    assert not wire.connection.streams


def test_streams_share_the_window_of_the_connection_in_turns():
    wire = Wire()
    wire.receive(_window(LARGEST_WINDOW) + _call(1, b"a" * 100_000) + _call(3, b"b" * 100_000) + _call(5))
    first = wire.take()
    assert sum(len(payload) for kind, _, _, payload in first if kind == frames.DATA) == frames.WINDOW_BYTES
    wire.receive(_granted(0, 4 * frames.FRAME_BYTES))
    assert {number for _, _, number, _ in wire.take()} == {1, 3, 5}
    wire.receive(_granted(0, 10**6))
    assert len([1 for kind, flags, *_ in wire.take() if flags & frames.END_STREAM and kind == frames.HEADERS]) == 2
    assert not wire.connection.streams


def test_who_does_not_read_waits_and_loses_nothing():
    wire = Wire()
    wire.receive(_window(LARGEST_WINDOW) + _granted(0, 10**6))
    wire.take()
    wire.connection.pause_writing()
    wire.receive(_call(1) + _call(3))
    assert [kind for kind, *_ in wire.take()] == [frames.HEADERS] * 2
    wire.connection.resume_writing()
    assert sorted(wire.take()) == sorted([*_echoed(1, b"hello")[1:], *_echoed(3, b"hello")[1:]])


def test_who_makes_us_talk_and_never_reads_is_cut_off():
    wire = Wire()
    wire.connection.pause_writing()
    wire.unread = 2**20 + 1
    wire.receive(frame(frames.PING, 0, 0, bytes(8)))
    assert wire.closed


def test_an_answer_before_the_end_of_the_request_ends_the_stream():
    wire = Wire()
    wire.receive(headers(1, ASKED, end=False))
    wire.streams[0].refuse(END)
    assert wire.take() == [_echoed(1, b"")[2], (frames.RST_STREAM, 0, 1, NUMBER.pack(frames.NO_ERROR))]
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"more"))
    assert wire.take() == [] and not wire.closed


def test_a_stream_that_is_reset_or_whose_connection_is_lost_has_been_left():
    wire = Wire()
    wire.receive(_window(0) + _call(1) + headers(3, ASKED, end=False) + headers(5, ASKED, end=False))
    wire.receive(frame(frames.RST_STREAM, 0, 3, NUMBER.pack(8)) + frame(frames.RST_STREAM, 0, 1, NUMBER.pack(8)))
    assert [stream.gone for stream in wire.streams] == [True, True, False]
    wire.take()
    wire.receive(_granted(0, 10))
    assert wire.take() == []
    wire.connection.connection_lost(None)
    assert wire.streams[2].gone and not wire.connection.streams


def test_more_streams_than_allowed_are_refused_and_may_come_again():
    wire = Wire()
    for number in range(1, 2 * MOST_STREAMS + 2, 2):
        wire.receive(headers(number, ASKED, end=False))
    assert wire.take() == [(frames.RST_STREAM, 0, 2 * MOST_STREAMS + 1, NUMBER.pack(frames.REFUSED_STREAM))]
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"hello") + _call(2 * MOST_STREAMS + 3))
    assert wire.take() == [*_echoed(1, b"hello"), *_echoed(2 * MOST_STREAMS + 3, b"hello")]


def test_leaving_lets_the_peer_know_takes_what_is_on_its_way_and_closes_behind_the_last():
    wire = Wire()
    wire.receive(headers(1, ASKED, end=False))
    wire.connection.leave()
    assert [kind for kind, *_ in wire.take()] == [frames.GOAWAY, frames.PING]
    wire.receive(_call(3))  # sent before the peer knew
    wire.receive(frame(frames.PING, frames.ACK, 0, LAST_CALL))
    assert wire.take()[-1] == (frames.GOAWAY, 0, 0, NUMBER.pack(3) + NUMBER.pack(frames.NO_ERROR))
    wire.receive(_call(5))
    assert wire.take() == [(frames.RST_STREAM, 0, 5, NUMBER.pack(frames.REFUSED_STREAM))]
    assert not wire.closed
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"hello"))
    assert wire.take() == _echoed(1, b"hello") and wire.closed


VIOLATIONS: list[tuple[str, bytes, int]] = [
    ("a frame too large", HEAD.pack(0x40, 1, frames.DATA, 0, 1), frames.FRAME_SIZE_ERROR),
    ("data of no stream", frame(frames.DATA, 0, 1, b"a"), frames.PROTOCOL_ERROR),
    ("data of the connection", frame(frames.DATA, 0, 0, b"a"), frames.PROTOCOL_ERROR),
    ("an even number", headers(2, ASKED, end=True), frames.PROTOCOL_ERROR),
    ("headers interrupted", frame(frames.HEADERS, 0, 1, ASKED) + frame(frames.PING, 0, 0, bytes(8)), 1),
    ("headers that go on unbegun", frame(frames.CONTINUATION, 4, 1, ASKED), frames.PROTOCOL_ERROR),
    ("headers that go on elsewhere", frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 4, 3), 1),
    ("headers without end", frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1, bytes(2**14)) * 5,
     frames.ENHANCE_YOUR_CALM),
    ("no headers", frame(frames.HEADERS, 4, 1, b"\xff"), frames.COMPRESSION_ERROR),
    ("only padding", headers(1, ASKED, end=False) + frame(frames.DATA, frames.PADDED, 1, b"\x05abcd"), 1),
    ("a short ping", frame(frames.PING, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a short setting", frame(frames.SETTINGS, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a short window", frame(frames.WINDOW_UPDATE, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a grant of nothing", _granted(0, 0), frames.PROTOCOL_ERROR),
    ("a window too large", _granted(0, LARGEST_WINDOW), frames.FLOW_CONTROL_ERROR),
    ("a first window too large", _window(2**31), frames.FLOW_CONTROL_ERROR),
    ("a push", frame(frames.PUSH_PROMISE, 4, 1, bytes(4)), frames.PROTOCOL_ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "code"), [row[1:] for row in VIOLATIONS], ids=[row[0] for row in VIOLATIONS])
def test_who_breaks_the_rules_is_told_and_cut_off(sent: bytes, code: int):
    wire = Wire()
    wire.receive(sent)
    kind, _, _, payload = wire.take()[-1]
    assert kind == frames.GOAWAY and NUMBER.unpack(payload[4:8]) == (code,) and len(payload) > 8
    assert wire.closed


def test_who_speaks_another_protocol_is_cut_off():
    wire = Wire(greeted=False)
    wire.receive(b"GET / HTTP/1.1\r\n\r\n")
    assert wire.closed


def test_any_bytes_are_understood_or_end_the_connection():
    draw = random.Random(0)
    for _ in range(3000):
        wire = Wire()
        whole = bytearray(_window(20) + _call(1, b"x" * 50) + _granted(1, 30) + _call(3) + frame(6, 0, 0, bytes(8)))
        for _ in range(draw.randrange(1, 4)):
            whole[draw.randrange(len(whole))] = draw.randrange(256)
        wire.receive(bytes(whole))
        wire.connection.connection_lost(None)
        assert not wire.connection.streams

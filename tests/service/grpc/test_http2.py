"""A connection follows RFC 9113: whatever way frames come, within the windows granted, and not beyond its bounds."""

from __future__ import annotations

import pytest

from service.grpc.http2 import frames
from service.grpc.http2.core import LAST_CALL, MOST_STREAMS
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, PREFACE, frame, frame_headers
from service.grpc.http2.hpack import encode
from tests.service.grpc.peer import ASKED, END, FIELDS, Wire, build_echo, call, grant, widen


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_it_does_not_matter_in_what_pieces_bytes_come(step: int):
    wire = Wire(greeted=False)
    assert [kind for kind, *_ in wire.take()] == [frames.SETTINGS, frames.WINDOW_UPDATE]
    whole = PREFACE + frame(frames.SETTINGS, 0, 0) + call(1) + call(3)
    for start in range(0, len(whole), step):
        wire.receive(whole[start : start + step])
    assert wire.take() == [(frames.SETTINGS, frames.ACK, 0, b""), *build_echo(1, b"hello"), *build_echo(3, b"hello")]
    assert not wire.core.streams


def test_padding_priorities_and_continued_headers_are_understood():
    wire = Wire()
    flags = frames.PADDED | frames.PRIORITISED
    wire.receive(frame(frames.HEADERS, flags, 1, b"\x02" + b"\0\0\0\0\x10" + ASKED[:2] + b"\0\0"))
    wire.receive(frame(frames.CONTINUATION, 0, 1, ASKED[2:3]) + frame(frames.CONTINUATION, 4, 1, ASKED[3:]))
    wire.receive(frame(frames.DATA, frames.PADDED | frames.END_STREAM, 1, b"\x03hello\0\0\0"))
    assert wire.take() == build_echo(1, b"hello") and wire.heads == [FIELDS]


def test_headers_too_long_for_a_frame_go_in_several():
    wire, block = Wire(), encode([(b"x", b"1")]) * 4000
    parts = frame_headers(1, block, end=False)
    kinds = []
    while parts:
        high, low, kind, flags, _ = HEAD.unpack_from(parts)
        kinds.append((kind, flags))
        parts = parts[HEAD.size + (high << 8 | low) :]
    assert kinds == [(frames.HEADERS, 0), (frames.CONTINUATION, frames.END_HEADERS)]
    assert not wire.closed


def test_a_ping_is_answered_and_what_is_not_known_is_ignored():
    wire = Wire()
    wire.receive(
        frame(0xFA, 0xFF, 7, b"what?") + frame(frames.PRIORITY, 0, 1, bytes(5)) + frame(frames.GOAWAY, 0, 0, bytes(8))
    )
    wire.receive(frame(frames.PING, 0, 0, b"12345678") + call(1))
    assert wire.take() == [(frames.PING, frames.ACK, 0, b"12345678"), *build_echo(1, b"hello")]


def test_nothing_is_sent_beyond_the_windows_and_all_of_it_within_them():
    wire = Wire()
    wire.receive(widen(4) + call(1, b"0123456789"))
    assert wire.take()[1:] == [build_echo(1, b"")[0], (frames.DATA, 0, 1, b"0123")]
    wire.receive(grant(1, 3))
    assert wire.take() == [(frames.DATA, 0, 1, b"456")]
    wire.receive(widen(5))  # for open streams too: one more
    assert wire.take() == [(frames.SETTINGS, frames.ACK, 0, b""), (frames.DATA, 0, 1, b"7")]
    wire.receive(widen(0) + grant(1, 5))  # five less, which the grant only makes good
    assert [kind for kind, *_ in wire.take()] == [frames.SETTINGS]
    wire.receive(grant(1, 2))
    assert wire.take() == [(frames.DATA, 0, 1, b"89"), build_echo(1, b"")[2]]
    assert not wire.core.streams


def test_streams_share_the_window_of_the_connection_in_turns():
    wire = Wire()
    wire.receive(widen(LARGEST_WINDOW) + call(1, b"a" * 100_000) + call(3, b"b" * 100_000) + call(5))
    first = wire.take()
    assert sum(len(payload) for kind, _, _, payload in first if kind == frames.DATA) == frames.WINDOW_BYTES
    wire.receive(grant(0, 4 * frames.FRAME_BYTES))
    assert {number for _, _, number, _ in wire.take()} == {1, 3, 5}
    wire.receive(grant(0, 10**6))
    assert len([1 for kind, flags, *_ in wire.take() if flags & frames.END_STREAM and kind == frames.HEADERS]) == 2
    assert not wire.core.streams


def test_who_does_not_read_waits_and_loses_nothing():
    wire = Wire()
    wire.receive(widen(LARGEST_WINDOW) + grant(0, 10**6))
    wire.take()
    wire.core.outbox.paused = True
    wire.receive(call(1) + call(3))
    assert [kind for kind, *_ in wire.take()] == [frames.HEADERS] * 2
    wire.core.outbox.paused = False
    wire.core.outbox.flush()
    assert sorted(wire.take()) == sorted([*build_echo(1, b"hello")[1:], *build_echo(3, b"hello")[1:]])


def test_an_answer_before_the_end_of_the_request_ends_the_stream():
    wire = Wire()
    wire.receive(frame_headers(1, ASKED, end=False))
    wire.streams[0].refuse(END)
    assert wire.take() == [build_echo(1, b"")[2], (frames.RST_STREAM, 0, 1, NUMBER.pack(frames.NO_ERROR))]
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"more"))
    assert wire.take() == [] and not wire.closed


def test_a_stream_that_is_reset_or_whose_connection_is_lost_has_been_left():
    wire = Wire()
    wire.receive(widen(0) + call(1) + frame_headers(3, ASKED, end=False) + frame_headers(5, ASKED, end=False))
    wire.receive(frame(frames.RST_STREAM, 0, 3, NUMBER.pack(8)) + frame(frames.RST_STREAM, 0, 1, NUMBER.pack(8)))
    assert [stream.gone for stream in wire.streams] == [True, True, False]
    wire.take()
    wire.receive(grant(0, 10))
    assert wire.take() == []
    wire.core.lose()
    assert wire.streams[2].gone and not wire.core.streams


def test_more_streams_than_allowed_are_refused_and_may_come_again():
    wire = Wire()
    for number in range(1, 2 * MOST_STREAMS + 2, 2):
        wire.receive(frame_headers(number, ASKED, end=False))
    assert wire.take() == [(frames.RST_STREAM, 0, 2 * MOST_STREAMS + 1, NUMBER.pack(frames.REFUSED_STREAM))]
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"hello") + call(2 * MOST_STREAMS + 3))
    assert wire.take() == [*build_echo(1, b"hello"), *build_echo(2 * MOST_STREAMS + 3, b"hello")]


def test_leaving_lets_the_peer_know_takes_what_is_on_its_way_and_closes_behind_the_last():
    wire = Wire()
    wire.receive(frame_headers(1, ASKED, end=False))
    wire.core.leave()
    assert [kind for kind, *_ in wire.take()] == [frames.GOAWAY, frames.PING]
    wire.receive(call(3))  # sent before the peer knew
    wire.receive(frame(frames.PING, frames.ACK, 0, LAST_CALL))
    assert wire.take()[-1] == (frames.GOAWAY, 0, 0, NUMBER.pack(3) + NUMBER.pack(frames.NO_ERROR))
    wire.receive(call(5))
    assert wire.take() == [(frames.RST_STREAM, 0, 5, NUMBER.pack(frames.REFUSED_STREAM))]
    assert not wire.closed
    wire.receive(frame(frames.DATA, frames.END_STREAM, 1, b"hello"))
    assert wire.take() == build_echo(1, b"hello") and wire.closed

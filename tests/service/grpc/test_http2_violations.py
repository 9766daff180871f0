"""A peer that breaks the rules of RFC 9113 is told so and cut off; any bytes are understood or end the connection."""

from __future__ import annotations

import random

import pytest

from service.grpc.http2 import frames
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, frame, frame_headers
from tests.service.grpc.peer import ASKED, Wire, call, grant, widen

VIOLATIONS: list[tuple[str, bytes, int]] = [
    ("a frame too large", HEAD.pack(0x40, 1, frames.DATA, 0, 1), frames.FRAME_SIZE_ERROR),
    ("data of no stream", frame(frames.DATA, 0, 1, b"a"), frames.PROTOCOL_ERROR),
    ("data of the connection", frame(frames.DATA, 0, 0, b"a"), frames.PROTOCOL_ERROR),
    ("an even number", frame_headers(2, ASKED, end=True), frames.PROTOCOL_ERROR),
    ("headers interrupted", frame(frames.HEADERS, 0, 1, ASKED) + frame(frames.PING, 0, 0, bytes(8)), 1),
    ("headers that go on unbegun", frame(frames.CONTINUATION, 4, 1, ASKED), frames.PROTOCOL_ERROR),
    ("headers that go on elsewhere", frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 4, 3), 1),
    ("headers without end", frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1, bytes(2**14)) * 5,
     frames.ENHANCE_YOUR_CALM),
    ("no headers", frame(frames.HEADERS, 4, 1, b"\xff"), frames.COMPRESSION_ERROR),
    ("only padding", frame_headers(1, ASKED, end=False) + frame(frames.DATA, frames.PADDED, 1, b"\x05abcd"), 1),
    ("a short ping", frame(frames.PING, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a short setting", frame(frames.SETTINGS, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a short window", frame(frames.WINDOW_UPDATE, 0, 0, b"1"), frames.FRAME_SIZE_ERROR),
    ("a grant of nothing", grant(0, 0), frames.PROTOCOL_ERROR),
    ("a window too large", grant(0, LARGEST_WINDOW), frames.FLOW_CONTROL_ERROR),
    ("a first window too large", widen(2**31), frames.FLOW_CONTROL_ERROR),
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
        whole = bytearray(widen(20) + call(1, b"x" * 50) + grant(1, 30) + call(3) + frame(6, 0, 0, bytes(8)))
        for _ in range(draw.randrange(1, 4)):
            whole[draw.randrange(len(whole))] = draw.randrange(256)
        wire.receive(bytes(whole))
        wire.core.lose()
        assert not wire.core.streams

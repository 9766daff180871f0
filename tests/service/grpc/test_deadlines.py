"""A peer that owes something too long is told so, and given up; nobody else is."""

from __future__ import annotations

from service.grpc.http2 import frames
from service.grpc.http2.deadlines import Bounds, Deadlines
from service.grpc.http2.frames import NUMBER, PREFACE, frame, frame_headers
from tests.service.grpc.peer import ASKED, Wire, call, widen

BOUNDS = Bounds(head=10, body=60, write=30, idle=300)


def test_a_connection_that_never_greets_is_closed():
    wire = Wire(greeted=False)
    deadlines = Deadlines(wire.core, BOUNDS, 0)
    wire.receive(PREFACE)
    assert deadlines.check(9, True) and not wire.closed
    assert deadlines.check(11, True) and wire.closed


def test_half_a_block_of_headers_is_given_up():
    wire = Wire()
    deadlines = Deadlines(wire.core, BOUNDS, 0)
    wire.receive(frame(frames.HEADERS, 0, 1, ASKED))
    assert deadlines.check(1, True) and deadlines.check(9, True) and not wire.closed
    assert deadlines.check(12, True) and wire.closed


def test_half_a_body_is_given_up_after_its_deadline():
    wire = Wire()
    deadlines = Deadlines(wire.core, BOUNDS, 0)
    wire.receive(frame_headers(1, ASKED, end=False))
    assert deadlines.check(1, True) and deadlines.check(60, True) and 1 in wire.core.streams
    assert deadlines.check(62, True) and not wire.core.streams
    assert wire.take() == [(frames.RST_STREAM, 0, 1, NUMBER.pack(frames.CANCEL))]


def test_an_answer_without_a_window_is_given_up_and_its_bytes_are_given_back():
    wire = Wire()
    deadlines = Deadlines(wire.core, BOUNDS, 0)
    wire.receive(widen(0) + call(1, bytes(1000)))
    assert wire.budget.held == 1000
    assert deadlines.check(1, True) and deadlines.check(30, True) and wire.core.streams
    assert deadlines.check(32, True) and not wire.core.streams
    assert deadlines.check(33, True) and wire.budget.held == 0


def test_an_idle_connection_is_closed_and_a_busy_one_is_asked_whether_it_lives():
    idle, busy = Wire(), Wire()
    busy.receive(frame_headers(1, ASKED, end=False))
    lenient = Bounds(head=10, body=10_000, write=30, idle=300)
    at_rest, at_work = Deadlines(idle.core, lenient, 0), Deadlines(busy.core, lenient, 0)
    assert at_rest.check(301, True) and idle.closed
    busy.take()
    assert at_work.check(301, False) and [kind for kind, *_ in busy.take()] == [frames.PING]
    assert at_work.check(320, False) and not at_work.check(332, False)

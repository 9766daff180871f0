"""What comes in odd pieces, or from who has no key, costs next to nothing."""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import Any, cast

from service.budget import Budget
from service.grpc.asked import Asked, Method
from service.grpc.call import CONVERSED_BYTES, SMALL_BYTES, Call
from service.grpc.http2.core import Core
from service.grpc.http2.holding import Holding
from service.http.codings import unpack_at_once
from service.identity import Identity
from service.settings import Settings


def _call(asked: Asked, key: str = "") -> Any:
    """A call of a connection that takes everything."""
    core = Core(lambda headers: asked, _fail, Holding(Budget(2**30, "bytes")), lambda data: None)
    settings = Settings(api_key=key)
    serving = SimpleNamespace(
        settings=settings,
        identity=Identity(settings),
        loop=SimpleNamespace(create_task=lambda work: work),
        observer=None,
    )
    return Call(cast(Any, serving), core, 1, asked)


def _fail(*arguments: object) -> Any:
    raise AssertionError(arguments)


def test_small_pieces_are_joined_and_hold_the_prefix():
    call = _call(Asked(Method()))
    message = b"\0" + (100_000).to_bytes(4) + bytes(100_000)
    for byte in message[:3000]:
        call.receive_data(bytes([byte]))
    for _ in range(100):
        call.receive_data(b"")
    call.receive_data(message[3000:])
    assert len(call._parts) <= 1 + 3000 // SMALL_BYTES + 1
    assert call._join_body() == message and call._read_declared_size() == len(message)


def test_nothing_is_kept_of_what_comes_without_the_key():
    without = _call(Asked(Method(needs_key=True)), key="a secret")
    having = _call(Asked(Method(needs_key=True), b"Bearer a secret"), key="a secret")
    for call in (without, having):
        call.receive_data(bytes(20_000))
    assert (len(without._join_body()), len(having._join_body())) == (0, 20_000)


def test_a_packed_message_is_left_packed_until_the_work_begins():
    packed = gzip.compress(bytes(1_000_000))
    call = _call(Asked(Method(), packing=b"gzip"))
    whole = b"\1" + len(packed).to_bytes(4) + packed
    for parts in ([whole], [whole[:5], whole[5:]], [whole[:9], whole[9:10], whole[10:]]):
        assert call._parse_message(parts) == (packed, True)
    assert call._decompress(packed) == unpack_at_once(packed, b"gzip", 1_000_000)


def test_a_conversation_takes_short_messages_only():
    assert _call(Asked(Method(each=lambda request: [request])))._limit == CONVERSED_BYTES

"""What a call's headers say, and what is answered when they make it impossible."""

from __future__ import annotations

import pytest

from service.grpc.asked import Method, percent_encoded, read
from service.grpc.http2.hpack import Decoder, Header

METHOD = Method(each=lambda message: [message])
GOOD = {b":method": b"POST", b":path": b"/a/B", b"content-type": b"application/grpc+proto", b"te": b"trailers"}


def _asked(**more: bytes) -> list[Header]:
    return list((GOOD | {name.replace("_", "-").encode(): text for name, text in more.items()}).items())


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(b"3H", 10800.0), (b"2M", 120.0), (b"5S", 5.0), (b"250m", 0.25), (b"1u", 1e-6), (b"99999999n", 0.099999999)],
)
def test_a_timeout_is_read_in_every_unit(timeout: bytes, seconds: float):
    assert read(_asked(grpc_timeout=timeout), {b"/a/B": METHOD}).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("timeout", [b"", b"1", b"S", b"-1S", b"123456789S", b"1h"])
def test_a_timeout_that_is_none_is_for_ever(timeout: bytes):
    assert read(_asked(grpc_timeout=timeout), {b"/a/B": METHOD}).seconds is None


def test_a_good_call_is_not_refused():
    asked = read(_asked(authorization=b"Bearer x", grpc_encoding=b"gzip"), {b"/a/B": METHOD})
    assert (asked.method, asked.authorization, asked.packing, asked.refusal) == (METHOD, b"Bearer x", b"gzip", None)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"content_type": b"application/json"}, (b":status", b"415")),
        ({":method": b"GET"}, (b":status", b"415")),
        ({":path": b"/a/C"}, (b"grpc-status", b"12")),
        ({"grpc_encoding": b"br"}, (b"grpc-status", b"12")),
    ],
)
def test_what_can_only_be_refused(more: dict[str, bytes], status: Header):
    refusal = read(_asked(**more), {b"/a/B": METHOD}).refusal
    assert refusal is not None and status in Decoder().decoded(refusal)


def test_a_message_may_hold_anything():
    assert percent_encoded("100 % é\n".encode()) == b"100 %25 %C3%A9%0A"

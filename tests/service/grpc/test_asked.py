"""What a call's headers say, and what is answered when they make it impossible."""

from __future__ import annotations

import pytest

from service.grpc.asked import Method, percent_encode, read_call
from service.grpc.http2.hpack import Decoder, Header

METHOD = Method(each=lambda message: [message])
GOOD = {b":method": b"POST", b":path": b"/a/B", b"content-type": b"application/grpc+proto", b"te": b"trailers"}


def _build_headers(**more: bytes) -> list[Header]:
    return list((GOOD | {name.replace("_", "-").encode(): text for name, text in more.items()}).items())


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(b"3H", 10800.0), (b"2M", 120.0), (b"5S", 5.0), (b"250m", 0.25), (b"1u", 1e-6), (b"99999999n", 0.099999999)],
)
def test_a_timeout_is_read_in_every_unit(timeout: bytes, seconds: float):
    assert read_call(_build_headers(grpc_timeout=timeout), {b"/a/B": METHOD}).seconds == pytest.approx(seconds)


def test_without_a_timeout_a_call_is_for_ever():
    assert read_call(_build_headers(), {b"/a/B": METHOD}).seconds is None


TIMEOUTS = [b"", b"1", b"S", b"abc", b"-1S", b"1.5S", b"123456789S", b"9999999999S", b"1h", b"1S 1S", b"\xb2S"]


@pytest.mark.parametrize("timeout", TIMEOUTS)
def test_a_timeout_that_is_none_is_refused(timeout: bytes):
    refusal = read_call(_build_headers(grpc_timeout=timeout), {b"/a/B": METHOD}).refusal
    assert refusal is not None
    said = dict(Decoder().decode(refusal))
    assert said[b":status"] == b"200" and said[b"grpc-status"] == b"13"
    assert said[b"grpc-message"].startswith(b"grpc-timeout is ") and b"at most 8 digits" in said[b"grpc-message"]


def test_what_is_lacking_says_so():
    refusal = read_call(_build_headers(), {b"/a/B": Method(lacks="B is lacking.")}).refusal
    assert refusal is not None
    assert {(b"grpc-status", b"12"), (b"grpc-message", b"B is lacking.")} <= set(Decoder().decode(refusal))


def test_a_good_call_is_not_refused():
    asked = read_call(_build_headers(authorization=b"Bearer x", grpc_encoding=b"gzip"), {b"/a/B": METHOD})
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
    refusal = read_call(_build_headers(**more), {b"/a/B": METHOD}).refusal
    assert refusal is not None and status in Decoder().decode(refusal)


def test_a_message_may_hold_anything():
    assert percent_encode("100 % é\n".encode()) == b"100 %25 %C3%A9%0A"

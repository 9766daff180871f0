"""What a client likes best is what it gets, by the quality values of its headers."""

from __future__ import annotations

import pytest

from service import wires
from service.http.accept import parse_accept
from service.http.codings import choose_answer_coding

JSON, OCTETS, ARROW = b"application/json", b"application/octet-stream", b"application/vnd.apache.arrow.stream"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/octet-stream", OCTETS),
        (b"application/json;q=0.5, application/octet-stream", OCTETS),
        (b"application/json, application/octet-stream", JSON),
        (b"application/octet-stream, application/vnd.apache.arrow.stream", OCTETS),
        (b"application/octet-stream;q=0, application/vnd.apache.arrow.stream;q=0.1", ARROW),
        (b"application/octet-stream;q=0.4, */*;q=0.5", JSON),
        (b"application/octet-stream, */*;q=0.5", OCTETS),
        (b"application/json;q=0, application/*", JSON),
        (b"application/octet-stream;q=0.0", JSON),
        (b"text/html", JSON),
        (b"Application/Octet-Stream ; Q=0.9 , application/json;q=0.8", OCTETS),
        (b"application/octet-stream;q=high, application/json;q=0.9", JSON),
        (b"application/octet-stream;v=1;q=0.2, application/json;q=0.1", OCTETS),
        (b",;, ;q=1,application/octet-stream", OCTETS),
    ],
)
def test_the_wire_that_a_client_likes_best(header: bytes, expected: bytes):
    assert wires.choose_wire(header, wires.WIRES[JSON]).media_type == expected


def test_without_a_wire_that_is_accepted_the_answer_is_written_as_the_request():
    assert wires.choose_wire(b"text/html, image/*", wires.WIRES[ARROW]).media_type == ARROW


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"zstd"),
        (b"gzip;q=1.0, zstd;q=0.5", b"gzip"),
        (b"gzip;q=0", None),
        (b"gzip;q=0, *", b"zstd"),
        (b"*;q=0", None),
        (b"identity, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip", b"gzip"),
        (b"X-GZIP", b"gzip"),
        (b"br", None),
        (b"gzip;q=2", None),
    ],
)
def test_the_coding_that_a_client_likes_best(header: bytes, expected: bytes | None):
    assert choose_answer_coding(header) == expected


def test_quality_values():
    assert parse_accept(b"a;q=0.123, b;q=1.000, c;q=0.1234, d;q=, e") == (
        (b"a", 0.123), (b"b", 1.0), (b"e", 1.0),
    )  # fmt: skip

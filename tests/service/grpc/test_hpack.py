"""Header compression as RFC 7541 has it: its own examples, laws, and bounds."""

from __future__ import annotations

import random

import pytest

from service.grpc.http2.hpack import Decoder, encode

HEAD = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")]
CACHED = [*HEAD, (b"cache-control", b"no-cache")]
CUSTOM = [
    (b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/index.html"), (b":authority", b"www.example.com"),
    (b"custom-key", b"custom-value"),
]  # fmt: skip
PLAIN = ["828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
         "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"]  # fmt: skip
CODED = [
    "828684418cf1e3c2e5f23a6ba0ab90f4ff",
    "828684be5886a8eb10649cbf",
    "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
]


@pytest.mark.parametrize("blocks", [PLAIN, CODED], ids=["C.3", "C.4"])
def test_the_examples_of_the_standard(blocks: list[str]):
    decoder = Decoder()
    assert [decoder.decode(bytes.fromhex(block)) for block in blocks] == [HEAD, CACHED, CUSTOM]
    assert decoder.changes == 3


def test_what_is_encoded_can_be_decoded_and_changes_no_table():
    draw, decoder = random.Random(0), Decoder()
    headers = [(draw.randbytes(draw.randrange(1, 300)), draw.randbytes(draw.randrange(300))) for _ in range(50)]
    assert decoder.decode(encode([(b":status", b"200"), *headers])) == [(b":status", b"200"), *headers]
    assert decoder.changes == 0


def test_a_header_is_known_again_and_a_table_of_no_bytes_keeps_nothing():
    decoder = Decoder()
    assert decoder.decode(b"\x40\x01a\x01b") == decoder.decode(b"\xbe") == [(b"a", b"b")]
    assert decoder.decode(b"\x20\x40\x01a\x01b") == [(b"a", b"b")]
    assert decoder.changes == 3
    with pytest.raises(ValueError, match="cannot be read"):
        decoder.decode(b"\xbe")


@pytest.mark.parametrize(
    "block",
    ["80", "ff", "ffffffffffff01", "3fe2ff0f", "40", "4003", "400361", "40036162", "0085ffffffffff", "4081ff00", "c5"],
)
def test_a_block_that_breaks_the_rules(block: str):
    with pytest.raises(ValueError, match=r"\w"):
        Decoder().decode(bytes.fromhex(block))


def test_headers_are_bounded():
    one = Decoder().decode(b"\x00\x01a\x7f\x81\x01" + b"b" * 256)
    assert one == [(b"a", b"b" * 256)]
    with pytest.raises(ValueError, match="cannot be read"):
        Decoder().decode(b"\x40\x01a\x7f\x81\x01" + b"b" * 256 + b"\xbe" * 300)


def test_any_bytes_are_decoded_or_refused_and_nothing_else():
    draw = random.Random(1)
    for _ in range(2000):
        data = draw.randbytes(draw.randrange(40))
        try:
            Decoder().decode(data)
        except ValueError:
            continue

"""The cases of h2spec, each with its section: what breaks RFC 9113 or RFC 7541 ends the stream or the connection, with
the code that the standard has for it; what does not, is taken."""

from __future__ import annotations

import pytest

from service.grpc.http2 import frames
from service.grpc.http2.frames import HEAD, LARGEST_WINDOW, NUMBER, PREFACE, SETTING, frame, frame_headers
from service.grpc.http2.hpack import Header, encode
from tests.service.grpc.peer import ASKED, FIELDS, Wire, call, grant, widen

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITISED = 1, 4, 8, 0x20

PROBE = frame(PING, 0, 0, b"conforms")
Outcome = tuple[str, int]
Case = tuple[str, str, bytes, Outcome]

TAKEN: Outcome = "taken", 0


def _ends(code: int) -> Outcome:
    """The connection ends."""
    return "connection", code


def _resets(code: int) -> Outcome:
    """Stream 1 ends."""
    return "stream", code


PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, COMPRESSION, CALM = (
    frames.PROTOCOL_ERROR,
    frames.FLOW_CONTROL_ERROR,
    frames.STREAM_CLOSED,
    frames.FRAME_SIZE_ERROR,
    frames.REFUSED_STREAM,
    frames.COMPRESSION_ERROR,
    frames.ENHANCE_YOUR_CALM,
)

OPEN = frame_headers(1, ASKED, end=False)
WHOLE = call(1)
"""A stream that has ended on both sides, when it has been answered."""
HALF = widen(0) + WHOLE
"""A stream that its peer has ended, and that is not answered yet."""
CANCELLED = OPEN + frame(RST_STREAM, 0, 1, NUMBER.pack(8))
ITSELF = bytes([0, 0, 0, 1, 255])


def _request(*more: Header, without: bytes = b"", end: bool = True, before: tuple[Header, ...] = ()) -> bytes:
    """A request on stream 1 with other headers than usual."""
    usual = [header for header in FIELDS if header[0] != without]
    return frame_headers(1, encode([*before, *usual, *more]), end=end)


def _block(block: bytes) -> bytes:
    """A request whose block of headers ends in these bytes."""
    return frame_headers(1, ASKED + block, end=True)


def _encode_setting(name: int, value: int) -> bytes:
    return frame(SETTINGS, 0, 0, SETTING.pack(name, value))


def _encode_large(kind: int, number: int, size: int = 2**14 + 1) -> bytes:
    return HEAD.pack(size >> 8, size & 0xFF, kind, END_HEADERS, number) + bytes(size)


GENERIC: list[Case] = [
    ("generic 1", "starts a connection", b"", TAKEN),
    ("generic 2", "idle: priority", frame(PRIORITY, 0, 1, bytes([0, 0, 0, 3, 1])), TAKEN),
    ("generic 2", "idle: headers", frame_headers(1, ASKED, end=True), TAKEN),
    ("generic 2", "half-closed: window update", HALF + grant(1, 100), TAKEN),
    ("generic 2", "half-closed: priority", HALF + frame(PRIORITY, 0, 1, bytes([0, 0, 0, 3, 1])), TAKEN),
    ("generic 2", "half-closed: reset", HALF + frame(RST_STREAM, 0, 1, NUMBER.pack(8)), TAKEN),
    ("generic 2", "closed: priority", WHOLE + frame(PRIORITY, 0, 1, bytes([0, 0, 0, 3, 1])), TAKEN),
    ("generic 2", "closed: window update", WHOLE + grant(1, 100), TAKEN),
    ("generic 2", "closed: reset", WHOLE + frame(RST_STREAM, 0, 1, NUMBER.pack(8)), TAKEN),
    ("generic 3.1", "a DATA frame", OPEN + frame(DATA, END_STREAM, 1, b"x"), TAKEN),
    ("generic 3.1", "several DATA frames", WHOLE, TAKEN),
    ("generic 3.1", "a padded DATA frame", OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\5hello\0\0\0\0\0"), TAKEN),
    ("generic 3.2", "a HEADERS frame", frame_headers(1, ASKED, end=True), TAKEN),
    ("generic 3.2", "a padded HEADERS frame", frame(HEADERS, 13, 1, b"\2" + ASKED + b"\0\0"), TAKEN),
    ("generic 3.2", "HEADERS with priority", frame(HEADERS, 0x25, 1, bytes([0, 0, 0, 3, 9]) + ASKED), TAKEN),
    ("generic 3.2", "trailers", OPEN + frame_headers(1, encode([(b"x", b"1")]), end=True), TAKEN),
    ("generic 3.3", "PRIORITY with weight 1", frame(PRIORITY, 0, 1, bytes([0, 0, 0, 3, 0])), TAKEN),
    ("generic 3.3", "PRIORITY, exclusive", frame(PRIORITY, 0, 1, bytes([0x80, 0, 0, 3, 0])), TAKEN),
    ("generic 3.3", "PRIORITY, then a request", frame(PRIORITY, 0, 1, bytes([0, 0, 0, 0, 9])) + WHOLE, TAKEN),
    ("generic 3.4", "RST_STREAM", CANCELLED, TAKEN),
    ("generic 3.5", "SETTINGS", frame(SETTINGS, 0, 0), TAKEN),
    ("generic 3.5", "several settings", frame(SETTINGS, 0, 0, SETTING.pack(1, 0) + SETTING.pack(3, 9)), TAKEN),
    ("generic 3.7", "PING", PROBE, TAKEN),
    ("generic 3.8", "GOAWAY", frame(GOAWAY, 0, 0, bytes(8)), TAKEN),
    ("generic 3.9", "WINDOW_UPDATE of the connection", grant(0, 1), TAKEN),
    ("generic 3.9", "WINDOW_UPDATE of a stream", OPEN + grant(1, 1), TAKEN),
    ("generic 3.10", "CONTINUATION", frame(HEADERS, 1, 1, ASKED[:9]) + frame(CONTINUATION, 4, 1, ASKED[9:]), TAKEN),
    ("generic 3.10", "several CONTINUATIONs", frame(HEADERS, 1, 1, ASKED[:9]) + frame(CONTINUATION, 0, 1, ASKED[9:20])
     + frame(CONTINUATION, 4, 1, ASKED[20:]), TAKEN),
    ("generic 5", "indexed fields", frame_headers(1, b"\x83\x86\x84" + encode(FIELDS[3:]), end=True), TAKEN),
    ("generic 5", "literals that are indexed", _block(b"\x40\1a\1b\xbe"), TAKEN),
    ("generic 5", "literals never indexed", _block(b"\x10\1a\1b"), TAKEN),
    ("generic 5", "Huffman codes", _block(b"\0\1a\x89" + bytes.fromhex("25a849e95bb8e8b4bf")), TAKEN),
    ("generic 5", "a change of the table's size", frame_headers(1, b"\x20" + ASKED, end=True), TAKEN),
    ("generic 5", "two changes of the table's size", frame_headers(1, b"\x20\x3f\xe1\x1f" + ASKED, end=True), TAKEN),
]  # fmt: skip

FRAMES: list[Case] = [
    ("4.1", "a kind that is not known", frame(0xFF, 0, 0, bytes(8)), TAKEN),
    ("4.1", "a flag that is not defined", frame(PING, 0xFE, 0, b"12345678"), TAKEN),
    ("4.1", "the reserved bit", HEAD.pack(0, 8, PING, 0, 2**31) + bytes(8), TAKEN),
    ("4.2", "DATA of the largest size", OPEN + frame(DATA, END_STREAM, 1, bytes(2**14)), TAKEN),
    ("4.2", "DATA beyond the largest size", OPEN + _encode_large(DATA, 1), _ends(SIZE)),
    ("4.2", "HEADERS beyond the largest size", _encode_large(HEADERS, 1), _ends(SIZE)),
    ("4.2", "an unknown kind beyond the largest size", _encode_large(0xFF, 0), _ends(SIZE)),
    ("4.3", "a broken block", frame_headers(1, b"\x40", end=True), _ends(COMPRESSION)),
    ("4.3", "a block interrupted by PRIORITY", frame(HEADERS, 0, 1, ASKED) + frame(PRIORITY, 0, 1, bytes(5)),
     _ends(PROTOCOL)),
    ("4.3", "a block interrupted by another's HEADERS", frame(HEADERS, 0, 1, ASKED) + frame_headers(3, ASKED, True),
     _ends(PROTOCOL)),
    ("4.3", "a block interrupted by DATA", frame(HEADERS, 0, 1, ASKED) + frame(DATA, 0, 1, b"x"), _ends(PROTOCOL)),
    ("4.3", "a block interrupted by an unknown kind", frame(HEADERS, 0, 1, ASKED) + frame(0xFF, 0, 0), _ends(PROTOCOL)),
    ("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), _ends(PROTOCOL)),
    ("6.1", "DATA on a closed stream", WHOLE + frame(DATA, 0, 1, b"x"), _ends(CLOSED)),
    ("6.1", "padding as long as the frame", OPEN + frame(DATA, PADDED | END_STREAM, 1, b"\5abcd"), _ends(PROTOCOL)),
    ("6.1", "padding without its length", OPEN + frame(DATA, PADDED, 1), _ends(PROTOCOL)),
    ("6.2", "HEADERS without end, then PRIORITY", frame(HEADERS, 0, 1, ASKED) + frame(PRIORITY, 0, 1, ITSELF),
     _ends(PROTOCOL)),
    ("6.2", "HEADERS on stream 0", frame(HEADERS, 5, 0, ASKED), _ends(PROTOCOL)),
    ("6.2", "HEADERS with too much padding", frame(HEADERS, 13, 1, b"\xff" + ASKED), _ends(PROTOCOL)),
    ("6.2", "HEADERS with half a priority", frame(HEADERS, 0x25, 1, b"\0\0"), _ends(SIZE)),
    ("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)), _ends(PROTOCOL)),
    ("6.3", "PRIORITY of another size", OPEN + frame(PRIORITY, 0, 1, bytes(4)), _resets(SIZE)),
    ("6.3", "PRIORITY of another size, idle", frame(PRIORITY, 0, 1, bytes(6)), _ends(SIZE)),
    ("6.4", "RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, bytes(4)), _ends(PROTOCOL)),
    ("6.4", "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, bytes(4)), _ends(PROTOCOL)),
    ("6.4", "RST_STREAM on an even stream", OPEN + frame(RST_STREAM, 0, 2, bytes(4)), _ends(PROTOCOL)),
    ("6.4", "RST_STREAM of another size", OPEN + frame(RST_STREAM, 0, 1, bytes(3)), _ends(SIZE)),
    ("6.5", "a receipt with a payload", frame(SETTINGS, 1, 0, bytes(6)), _ends(SIZE)),
    ("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1), _ends(PROTOCOL)),
    ("6.5", "SETTINGS of another size", frame(SETTINGS, 0, 0, bytes(3)), _ends(SIZE)),
    ("6.5.2", "ENABLE_PUSH of 2", _encode_setting(frames.ENABLE_PUSH, 2), _ends(PROTOCOL)),
    ("6.5.2", "ENABLE_PUSH of 1", _encode_setting(frames.ENABLE_PUSH, 1), TAKEN),
    ("6.5.2", "INITIAL_WINDOW_SIZE beyond 2^31 - 1", _encode_setting(frames.INITIAL_WINDOW_SIZE, 2**31), _ends(FLOW)),
    ("6.5.2", "MAX_FRAME_SIZE below 2^14", _encode_setting(frames.MAX_FRAME_SIZE, 2**14 - 1), _ends(PROTOCOL)),
    ("6.5.2", "MAX_FRAME_SIZE beyond 2^24 - 1", _encode_setting(frames.MAX_FRAME_SIZE, 2**24), _ends(PROTOCOL)),
    ("6.5.2", "MAX_FRAME_SIZE at its bounds", _encode_setting(frames.MAX_FRAME_SIZE, 2**24 - 1), TAKEN),
    ("6.5.2", "a setting that is not known", _encode_setting(0xFF, 1), TAKEN),
    ("6.5.3", "the last of several values counts", frame(SETTINGS, 0, 0, SETTING.pack(4, 1) + SETTING.pack(4, 2**31)),
     _ends(FLOW)),
    ("6.6", "PUSH_PROMISE", OPEN + frame(PUSH_PROMISE, 4, 1, NUMBER.pack(2) + ASKED), _ends(PROTOCOL)),
    ("6.7", "PING on a stream", frame(PING, 0, 1, bytes(8)), _ends(PROTOCOL)),
    ("6.7", "PING of another size", frame(PING, 0, 0, bytes(6)), _ends(SIZE)),
    ("6.7", "a PING that is an answer", frame(PING, 1, 0, b"whatever"), TAKEN),
    ("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), _ends(PROTOCOL)),
    ("6.8", "GOAWAY of another size", frame(GOAWAY, 0, 0, bytes(7)), _ends(SIZE)),
    ("6.9", "a grant of nothing to the connection", grant(0, 0), _ends(PROTOCOL)),
    ("6.9", "a grant of nothing to a stream", OPEN + grant(1, 0), _resets(PROTOCOL)),
    ("6.9", "a grant of another size", frame(WINDOW_UPDATE, 0, 0, bytes(3)), _ends(SIZE)),
    ("6.9", "a grant of another size to a stream", OPEN + frame(WINDOW_UPDATE, 0, 1, bytes(5)), _ends(SIZE)),
    ("6.9.1", "the connection's window beyond 2^31 - 1", grant(0, LARGEST_WINDOW) * 2, _ends(FLOW)),
    ("6.9.1", "a stream's window beyond 2^31 - 1", OPEN + grant(1, LARGEST_WINDOW), _resets(FLOW)),
    ("6.9.2", "a window below zero, made good", widen(3) + WHOLE + widen(0) + grant(1, 9), TAKEN),
    ("6.9.2", "a first window that makes one too large", OPEN + grant(1, LARGEST_WINDOW - 2**16) + widen(2**17),
     _ends(FLOW)),
    ("6.10", "CONTINUATION without HEADERS", frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("6.10", "CONTINUATION behind a whole block", OPEN + frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("6.10", "CONTINUATION behind DATA", OPEN + frame(DATA, 0, 1, b"x") + frame(CONTINUATION, 4, 1, ASKED),
     _ends(PROTOCOL)),
    ("6.10", "CONTINUATION on stream 0", frame(HEADERS, 0, 1, ASKED) + frame(CONTINUATION, 4, 0), _ends(PROTOCOL)),
    ("6.10", "CONTINUATION on another stream", frame(HEADERS, 0, 1, ASKED) + frame(CONTINUATION, 4, 3),
     _ends(PROTOCOL)),
    ("6.10", "CONTINUATIONs without end", frame(HEADERS, 0, 1) + frame(CONTINUATION, 0, 1, b"x") * 99, _ends(CALM)),
]  # fmt: skip

STREAMS: list[Case] = [
    ("5.1", "idle: DATA", frame(DATA, 0, 1, b"x"), _ends(PROTOCOL)),
    ("5.1", "idle: RST_STREAM", frame(RST_STREAM, 0, 1, bytes(4)), _ends(PROTOCOL)),
    ("5.1", "idle: WINDOW_UPDATE", grant(1, 100), _ends(PROTOCOL)),
    ("5.1", "idle: CONTINUATION", frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("5.1", "half-closed: DATA", HALF + frame(DATA, 0, 1, b"x"), _resets(CLOSED)),
    ("5.1", "half-closed: HEADERS", HALF + frame_headers(1, ASKED, end=True), _resets(CLOSED)),
    ("5.1", "half-closed: CONTINUATION", HALF + frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("5.1", "reset: DATA", CANCELLED + frame(DATA, 0, 1, b"x"), _resets(CLOSED)),
    ("5.1", "reset: HEADERS", CANCELLED + frame_headers(1, ASKED, end=True), _resets(CLOSED)),
    ("5.1", "reset: CONTINUATION", CANCELLED + frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("5.1", "closed: DATA", WHOLE + frame(DATA, 0, 1, b"x"), _ends(CLOSED)),
    ("5.1", "closed: HEADERS", WHOLE + frame_headers(1, ASKED, end=True), _ends(CLOSED)),
    ("5.1", "closed: CONTINUATION", WHOLE + frame(CONTINUATION, 4, 1, ASKED), _ends(PROTOCOL)),
    ("5.1", "reset by us: DATA that was on its way", OPEN + grant(1, 0) + frame(DATA, 1, 1, b"x"), _resets(PROTOCOL)),
    ("5.1.1", "an even number", frame_headers(2, ASKED, end=True), _ends(PROTOCOL)),
    ("5.1.1", "a number that was left out", call(5) + frame_headers(3, ASKED, end=True), _ends(PROTOCOL)),
    ("5.1.1", "numbers that leave some out", call(1) + call(7), TAKEN),
    ("5.3.1", "HEADERS that depend on themselves", frame(HEADERS, 0x25, 1, ITSELF + ASKED), _resets(PROTOCOL)),
    ("5.3.1", "PRIORITY that depends on itself", OPEN + frame(PRIORITY, 0, 1, ITSELF), _resets(PROTOCOL)),
    ("5.3.1", "PRIORITY that depends on itself, idle", frame(PRIORITY, 0, 1, ITSELF), _ends(PROTOCOL)),
    ("5.4.1", "a violation says why", frame(PING, 0, 1, bytes(8)), _ends(PROTOCOL)),
    ("5.5", "an extension's kind", frame(0x16, 0, 0, bytes(8)), TAKEN),
    ("5.5", "an extension's kind within a block", frame(HEADERS, 0, 1, ASKED) + frame(0x16, 0, 1), _ends(PROTOCOL)),
]  # fmt: skip

FIELDS_CASES: list[Case] = [
    ("8.1", "a second HEADERS without end", OPEN + frame_headers(1, encode([(b"x", b"1")]), end=False),
     _resets(PROTOCOL)),
    ("8.1.2", "an upper-case name", _request((b"X-TEST", b"ok")), _resets(PROTOCOL)),
    ("8.1.2.1", "a pseudo-header that is not known", _request(before=((b":test", b"ok"),)), _resets(PROTOCOL)),
    ("8.1.2.1", "an answer's pseudo-header", _request(before=((b":status", b"200"),)), _resets(PROTOCOL)),
    ("8.1.2.1", "a pseudo-header in trailers", OPEN + frame_headers(1, encode([(b":method", b"200")]), True),
     _resets(PROTOCOL)),
    ("8.1.2.1", "a pseudo-header behind others", _request((b":path", b"/"), without=b":path", before=((b"x", b"1"),)),
     _resets(PROTOCOL)),
    ("8.1.2.2", "connection", _request((b"connection", b"keep-alive")), _resets(PROTOCOL)),
    ("8.1.2.2", "proxy-connection", _request((b"proxy-connection", b"keep-alive")), _resets(PROTOCOL)),
    ("8.1.2.2", "keep-alive", _request((b"keep-alive", b"5")), _resets(PROTOCOL)),
    ("8.1.2.2", "transfer-encoding", _request((b"transfer-encoding", b"chunked")), _resets(PROTOCOL)),
    ("8.1.2.2", "upgrade", _request((b"upgrade", b"h2c")), _resets(PROTOCOL)),
    ("8.1.2.2", "te with another value", _request((b"te", b"trailers, deflate")), _resets(PROTOCOL)),
    ("8.1.2.2", "te: trailers", _request((b"te", b"trailers")), TAKEN),
    ("8.1.2.3", "an empty :path", _request((b":path", b""), without=b":path"), _resets(PROTOCOL)),
    ("8.1.2.3", "no :method", _request(without=b":method"), _resets(PROTOCOL)),
    ("8.1.2.3", "no :scheme", _request(without=b":scheme"), _resets(PROTOCOL)),
    ("8.1.2.3", "no :path", _request(without=b":path"), _resets(PROTOCOL)),
    ("8.1.2.3", "two :method", _request(before=((b":method", b"POST"),)), _resets(PROTOCOL)),
    ("8.1.2.3", "two :scheme", _request(before=((b":scheme", b"http"),)), _resets(PROTOCOL)),
    ("8.1.2.3", "two :path", _request(before=((b":path", b"/"),)), _resets(PROTOCOL)),
    ("8.1.2.3", "two :authority", _request(before=((b":authority", b"x"),)), _resets(PROTOCOL)),
    ("8.1.2.3", "a :path without a slash", _request((b":path", b"x"), without=b":path"), _resets(PROTOCOL)),
    ("8.1.2.3", "neither :authority nor host", _request(without=b":authority"), _resets(PROTOCOL)),
    ("8.1.2.3", "host in place of :authority", _request((b"host", b"here"), without=b":authority"), TAKEN),
    ("8.1.2.3", "a host that is not the :authority", _request((b"host", b"elsewhere")), _resets(PROTOCOL)),
    ("8.1.2.3", "no headers at all", frame_headers(1, b"", end=True), _resets(PROTOCOL)),
    ("8.1.2.6", "more data than content-length", _request((b"content-length", b"1"), end=False)
     + frame(DATA, END_STREAM, 1, b"test"), _resets(PROTOCOL)),
    ("8.1.2.6", "less data than content-length", _request((b"content-length", b"9"), end=False)
     + frame(DATA, 0, 1, b"test") + frame(DATA, END_STREAM, 1, b"more"), _resets(PROTOCOL)),
    ("8.1.2.6", "no data, with a content-length", _request((b"content-length", b"9")), _resets(PROTOCOL)),
    ("8.1.2.6", "less data, then trailers", _request((b"content-length", b"9"), end=False)
     + frame_headers(1, encode([(b"x", b"1")]), end=True), _resets(PROTOCOL)),
    ("8.1.2.6", "as much data as content-length", _request((b"content-length", b"4"), end=False)
     + frame(DATA, END_STREAM, 1, b"test"), TAKEN),
    ("8.1.2.6", "padding is no data", _request((b"content-length", b"4"), end=False)
     + frame(DATA, END_STREAM | PADDED, 1, b"\2test\0\0"), TAKEN),
    ("8.1.2.6", "a content-length that is no number", _request((b"content-length", b"+4")), _resets(PROTOCOL)),
    ("8.1.2.6", "two content-lengths", _request((b"content-length", b"0"), (b"content-length", b"1")),
     _resets(PROTOCOL)),
    ("8.2", "PUSH_PROMISE from a client", frame(PUSH_PROMISE, 4, 1, NUMBER.pack(2)), _ends(PROTOCOL)),
    ("8.2.1", "an empty name", _request((b"", b"x")), _resets(PROTOCOL)),
    ("8.2.1", "a blank in a name", _request((b"a b", b"x")), _resets(PROTOCOL)),
    ("8.2.1", "a colon in a name", _request((b"a:b", b"x")), _resets(PROTOCOL)),
    ("8.2.1", "a name beyond ASCII", _request((b"\xc3\xa9", b"x")), _resets(PROTOCOL)),
    ("8.2.1", "CR in a value", _request((b"x", b"a\rb")), _resets(PROTOCOL)),
    ("8.2.1", "LF in a value", _request((b"x", b"a\nb")), _resets(PROTOCOL)),
    ("8.2.1", "NUL in a value", _request((b"x", b"a\0b")), _resets(PROTOCOL)),
    ("8.2.1", "LF in a pseudo-header", _request((b":path", b"/\n"), without=b":path"), _resets(PROTOCOL)),
    ("8.2.1", "NUL in :authority", _request((b":authority", b"a\0b"), without=b":authority"), _resets(PROTOCOL)),
    ("8.2.1", "a blank before a value", _request((b"x", b" a")), _resets(PROTOCOL)),
    ("8.2.1", "a tab behind a value", _request((b"x", b"a\t")), _resets(PROTOCOL)),
    ("8.2.1", "an empty value", _request((b"x", b"")), TAKEN),
    ("8.2.1", "a value beyond ASCII", _request((b"x", b"\xc3\xa9")), TAKEN),
    ("8.3", "CONNECT with a :path", _request((b":method", b"CONNECT"), without=b":method"), _resets(PROTOCOL)),
]  # fmt: skip

HPACK: list[Case] = [
    ("hpack 2.3.3", "an index beyond the tables", _block(b"\xc6"), _ends(COMPRESSION)),
    ("hpack 2.3.3", "a name's index beyond the tables", _block(b"\x7f\x07\1x"), _ends(COMPRESSION)),
    ("hpack 4.2", "a change of size at the end", _block(b"\x20"), _ends(COMPRESSION)),
    ("hpack 4.2", "three changes of size", frame_headers(1, b"\x20\x20\x20" + ASKED, end=True), _ends(COMPRESSION)),
    ("hpack 5.1", "an integer without end", _block(b"\x7f" + b"\xff" * 40), _ends(COMPRESSION)),
    ("hpack 5.2", "Huffman: a padding longer than 7 bits", _block(b"\0\1x\x84\x49\x50\x9f\xff"),
     _ends(COMPRESSION)),
    ("hpack 5.2", "Huffman: a padding of zeros", _block(b"\0\1x\x83\x49\x50\x90"), _ends(COMPRESSION)),
    ("hpack 5.2", "Huffman: the end of a string", _block(b"\0\1x\x84\xff\xff\xff\xff"), _ends(COMPRESSION)),
    ("hpack 6.1", "index 0", _block(b"\x80"), _ends(COMPRESSION)),
    ("hpack 6.2", "a literal that ends too early", _block(b"\x40\1x\5ab"), _ends(COMPRESSION)),
    ("hpack 6.3", "a table larger than allowed", frame_headers(1, b"\x3f\xe2\x1f" + ASKED, end=True),
     _ends(COMPRESSION)),
]  # fmt: skip

CASES = GENERIC + FRAMES + STREAMS + FIELDS_CASES + HPACK


@pytest.mark.parametrize(
    ("sent", "outcome"), [case[2:] for case in CASES], ids=[f"{section}: {name}" for section, name, *_ in CASES]
)
def test_the_peer_is_held_to_the_standard(sent: bytes, outcome: Outcome):
    wire = Wire()
    wire.receive(sent)
    answered = wire.take()
    wire.receive(PROBE)
    alive = (PING, frames.ACK, 0, b"conforms") in wire.take()
    ends, code = outcome
    if ends == "connection":
        kind, _, _, payload = answered[-1]
        assert (kind, payload[4:8]) == (GOAWAY, NUMBER.pack(code)) and len(payload) > 8
        assert wire.closed and not alive
        return
    resets = [(number, payload) for kind, _, number, payload in answered if kind == RST_STREAM]
    assert resets == ([(1, NUMBER.pack(code))] if ends == "stream" else [])
    assert alive and not wire.closed


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"INVALID CONNECTION PREFACE\r\n\r\n", PROTOCOL),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", PROTOCOL),
        (PREFACE + PROBE, PROTOCOL),
        (PREFACE + WHOLE, PROTOCOL),
        (PREFACE + frame(SETTINGS, 1, 0), PROTOCOL),
    ],
)
def test_a_connection_begins_with_the_preface_and_settings(first: bytes, code: int):
    wire = Wire(greeted=False)
    wire.receive(first)
    kind, _, _, payload = wire.take()[-1]
    assert (kind, payload[4:8]) == (GOAWAY, NUMBER.pack(code)) and wire.closed


def test_there_are_enough_cases():
    assert len(CASES) > 140 and len({case[:2] for case in CASES}) == len(CASES)

"""What a request is, byte for byte: whatever two readers could understand in two ways is refused."""

from __future__ import annotations

import random
import time

import h11
import pytest

from bundle.errors import SeriesmithError
from service.http.http1.head import Head
from service.http.http1.reader import END, MAX_HEAD, Reader

Event = tuple[object, ...]

POST = b"POST /classify HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


def read(pieces: list[bytes]) -> list[Event]:
    """The events of a connection; pieces of a body as one; an error as its status, and nothing behind it."""
    reader, events = Reader(), list[Event]()
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.read_event()) is not None:
                if isinstance(event, Head):
                    events.append((event.method, event.target, tuple(event.headers.items()), event.keep_alive))
                elif event is END:
                    events.append(("end",))
                elif isinstance(event, bytes) and events and events[-1][0] == "body":
                    events[-1] = ("body", events[-1][1] + event)  # type: ignore[operator]
                else:
                    events.append(("body", event))
    except SeriesmithError as error:
        if events and events[-1][0] == "body":  # how much of it was given before is nobody's concern
            events.pop()
        events.append((error.http_status,))
    return events


def build_head(target: bytes = b"/", *lines: bytes, start: bytes | None = None) -> bytes:
    """A GET with more header lines, or with another first line."""
    return b"\r\n".join([start or b"GET " + target + b" HTTP/1.1", b"Host: x", *lines, b"", b""])


REFUSED: dict[str, tuple[bytes, int]] = {
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (build_head(b"/", b"Host: y"), 400),
    "two empty Hosts": (b"GET / HTTP/1.1\r\nHost:\r\nHost:\r\n\r\n", 400),
    "Host with a path": (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    "Host with a user": (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "Host with a blank": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "space before the colon": (build_head(b"/", b"A : b"), 400),
    "no colon": (build_head(b"/", b"Ab"), 400),
    "no name": (build_head(b"/", b": b"), 400),
    "folded": (build_head(b"/", b"A: b", b" c"), 400),
    "folded by a tab": (build_head(b"/", b"A: b", b"\tc"), 400),
    "folded first line": (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    "bare CR in a value": (build_head(b"/", b"A: b\rc"), 400),
    "bare LF in a value": (build_head(b"/", b"A: b\nC: d"), 400),
    "NUL in a value": (build_head(b"/", b"A: b\0c"), 400),
    "DEL in a value": (build_head(b"/", b"A: b\x7f"), 400),
    "control in a name": (build_head(b"/", b"A\x01: b"), 400),
    "a name of Latin-1": (build_head(b"/", b"\xe4: b"), 400),
    "a name in parentheses": (build_head(b"/", b"(a): b"), 400),
    "lines end with LF": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "a request line that ends with LF": (b"GET / HTTP/1.1\nHost: x\r\n\r\n", 400),
    "lines end with CR": (b"GET / HTTP/1.1\rHost: x\r\r\n\r\n", 400),
    "two blanks": (build_head(start=b"GET  / HTTP/1.1"), 400),
    "a tab for a blank": (build_head(start=b"GET\t/ HTTP/1.1"), 400),
    "a blank before": (build_head(start=b" GET / HTTP/1.1"), 400),
    "a blank behind": (build_head(start=b"GET / HTTP/1.1 "), 400),
    "no version": (build_head(start=b"GET /"), 400),
    "no target": (build_head(start=b"GET HTTP/1.1"), 400),
    "lower-case version": (build_head(start=b"GET / http/1.1"), 400),
    "version 1.10": (build_head(start=b"GET / HTTP/1.10"), 400),
    "version 1.2": (build_head(start=b"GET / HTTP/1.2"), 505),
    "version 0.9": (build_head(start=b"GET / HTTP/0.9"), 505),
    "version 2.0": (build_head(start=b"PRI * HTTP/2.0"), 505),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "lower-case method": (build_head(start=b"get / HTTP/1.1"), 501),
    "unknown method": (build_head(start=b"BREW / HTTP/1.1"), 501),
    "CONNECT": (build_head(start=b"CONNECT x:443 HTTP/1.1"), 501),
    "method with a slash": (build_head(start=b"G/T / HTTP/1.1"), 400),
    "a target without a slash": (build_head(b"classify"), 400),
    "a star for GET": (build_head(b"*"), 400),
    "a fragment": (build_head(b"/a#b"), 400),
    "a target of Latin-1": (build_head(b"/\xe4"), 400),
    "a NUL in the target": (build_head(b"/\0"), 400),
    "another scheme": (build_head(b"ftp://x/"), 400),
    "an absolute target without a host": (build_head(b"http:///a"), 400),
    "length with a sign": (build_head(b"/", b"Content-Length: +5"), 400),
    "length below zero": (build_head(b"/", b"Content-Length: -5"), 400),
    "length in hexadecimal": (build_head(b"/", b"Content-Length: 0x5"), 400),
    "length with an underscore": (build_head(b"/", b"Content-Length: 1_0"), 400),
    "length with a blank": (build_head(b"/", b"Content-Length: 1 0"), 400),
    "length of nothing": (build_head(b"/", b"Content-Length:"), 400),
    "length with a fraction": (build_head(b"/", b"Content-Length: 5.0"), 400),
    "length of 5000 digits": (build_head(b"/", b"Content-Length: " + b"9" * 5000), 400),
    "two lengths": (build_head(b"/", b"Content-Length: 5", b"Content-Length: 6"), 400),
    "two lengths in one": (build_head(b"/", b"Content-Length: 5, 6"), 400),
    "length and chunks": (build_head(b"/", b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400),
    "chunks and length": (build_head(b"/", b"Transfer-Encoding: chunked", b"Content-Length: 5"), 400),
    "gzip, chunked": (build_head(b"/", b"Transfer-Encoding: gzip, chunked"), 501),
    "chunked twice": (build_head(b"/", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 501),
    "identity": (build_head(b"/", b"Transfer-Encoding: identity"), 501),
    "xchunked": (build_head(b"/", b"Transfer-Encoding: xchunked"), 501),
    "chunked in quotes": (build_head(b"/", b'Transfer-Encoding: "chunked"'), 501),
    "an empty transfer coding": (build_head(b"/", b"Transfer-Encoding:"), 501),
    "a vertical tab in the coding": (build_head(b"/", b"Transfer-Encoding: \x0bchunked"), 400),
    "chunks in HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "101 headers": (build_head(b"/", *[b"A%d: b" % number for number in range(100)]), 431),
    "a long header": (build_head(b"/", b"A: " + b"b" * MAX_HEAD), 431),
    "a long target": (build_head(b"/" + b"a" * MAX_HEAD), 431),
    "a head without an end": (POST + b"A: " + b"b" * (MAX_HEAD + 10), 431),
}

CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED_CHUNKS: dict[str, bytes] = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "a size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "a size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size below zero": b"-3\r\nabc\r\n0\r\n\r\n",
    "a size with an underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a blank before the size": b" 3\r\nabc\r\n0\r\n\r\n",
    "a size of many digits": b"0" * 30 + b"3\r\nabc\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"ffffffffffffffffff\r\nabc",
    "a size line that ends with LF": b"3\nabc\r\n0\r\n\r\n",
    "LF in an extension": b"3;a=\n\r\nabc\r\n0\r\n\r\n",
    "CR in an extension": b"3;a=\rb\r\nabc\r\n0\r\n\r\n",
    "a long extension": b"3;a=" + b"b" * 1000 + b"\r\nabc\r\n0\r\n\r\n",
    "a chunk that is too long": b"3\r\nabcd\r\n0\r\n\r\n",
    "a chunk that ends with LF": b"3\r\nabc\n0\r\n\r\n",
    "a chunk that ends with CR": b"3\r\nabc\r0\r\n\r\n",
    "a trailer without a colon": b"0\r\nab\r\n\r\n",
    "a folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
    "a trailer with a bare LF": b"0\r\nA: b\nC: d\r\n\r\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_understood_in_two_ways_is_refused(case: str):
    sent, status = REFUSED[case]
    assert read([sent]) == [(status,)]


@pytest.mark.parametrize("case", REFUSED_CHUNKS)
def test_chunks_are_what_they_say(case: str):
    assert read([CHUNKED + REFUSED_CHUNKS[case]])[1:] == [(400,)]


def test_trailers_have_a_bound():
    assert read([CHUNKED + b"0\r\nA: " + b"b" * 10_000])[1:] == [(431,)]


ACCEPTED: dict[str, tuple[bytes, bytes]] = {
    "no body": (GET + b"\r\n", b""),
    "a body": (POST + b"Content-Length: 3\r\n\r\nabc", b"abc"),
    "an empty body": (POST + b"Content-Length: 0\r\n\r\n", b""),
    "the same length twice": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    "chunks": (CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
    "chunks in capitals": (POST + b"TRANSFER-ENCODING: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "chunks with extensions": (CHUNKED + b'3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n', b"abc"),
    "chunks with trailers": (CHUNKED + b"3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"abc"),
    "a chunk of blank lines": (CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    "upgrade is ignored": (POST + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    "empty lines before": (b"\r\n\r\n" + GET + b"\r\n", b""),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", b""),
    "an absolute target": (b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    "a star": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    "an empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", b""),
    "IPv6": (b"GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", b""),
    "Latin-1 in a value": (GET + b"A: \xe4\r\n\r\n", b""),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_right_is_read(case: str):
    sent, body = ACCEPTED[case]
    events = read([sent])
    assert events[0][0] in ("GET", "POST", "OPTIONS") and events[-1] == ("end",)
    assert b"".join(event[1] for event in events if event[0] == "body") == body  # type: ignore[misc]


@pytest.mark.parametrize("case", [*ACCEPTED, *[name for name in REFUSED if len(REFUSED[name][0]) < 2000]])
def test_wherever_it_is_split_it_is_the_same(case: str):
    sent = (ACCEPTED.get(case) or REFUSED[case])[0] + GET + b"\r\n"
    whole = read([sent])
    for place in range(1, len(sent)):
        assert read([sent[:place], sent[place:]]) == whole
    assert read([sent[place : place + 1] for place in range(len(sent))]) == whole


@pytest.mark.parametrize("case", REFUSED_CHUNKS)
def test_wherever_chunks_are_split_they_are_the_same(case: str):
    sent = CHUNKED + REFUSED_CHUNKS[case]
    assert read([sent[place : place + 1] for place in range(len(sent))]) == read([sent])


def test_requests_follow_one_another():
    sent = b"".join(sent for sent, _ in ACCEPTED.values())
    events = read([sent])
    assert [event for event in events if event == ("end",)] == [("end",)] * len(ACCEPTED)
    for size in (1, 7, 64):
        assert read([sent[place : place + size] for place in range(0, len(sent), size)]) == events


def test_the_connection_goes_on_as_asked():
    def goes_on(*lines: bytes, version: bytes = b"1.1") -> object:
        return read([b"\r\n".join([b"GET / HTTP/" + version, b"Host: x", *lines, b"", b""])])[0][3]

    assert goes_on() and not goes_on(b"Connection: close") and not goes_on(b"Connection: a, CLOSE")
    assert not goes_on(version=b"1.0") and goes_on(b"Connection: Keep-Alive", version=b"1.0")


def test_a_slow_head_and_small_chunks_cost_time_in_proportion():
    def seconds(pieces: list[bytes]) -> float:
        start = time.process_time()
        read(pieces)
        return time.process_time() - start

    slow = POST + b"A: " + b"b" * 60_000 + b"\r\n\r\n"
    assert seconds([slow[place : place + 1] for place in range(len(slow))]) < 2
    assert seconds([CHUNKED + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n"]) < 10


# h11 is the oracle: what is accepted here means the same to it.

SEEDS = [sent for sent, _ in ACCEPTED.values()] + [sent for sent, _ in REFUSED.values() if len(sent) < 500]
SEEDS += [CHUNKED + sent for sent in REFUSED_CHUNKS.values() if len(sent) < 200]
SPICE = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"0", b",", b";", b"\xff", b"/", b"1"),
    *(b"Content-Length: 3\r\n", b"Host: x\r\n", b"chunked", b"Transfer-Encoding: chunked\r\n"),
    *(b"HTTP/1.0", b"close", b"A: b\r\n"),
]


def _mutate(random_: random.Random) -> bytes:
    sent = bytearray(random_.choice(SEEDS))
    for _ in range(random_.randrange(4)):
        place = random_.randrange(len(sent) + 1)
        kind = random_.randrange(4)
        if kind == 0:
            sent[place:place] = random_.choice(SPICE)
        elif kind == 1:
            del sent[place : place + random_.randrange(1, 6)]
        elif kind == 2 and place < len(sent):
            sent[place] = random_.randrange(256)
        else:
            sent[place:place] = sent[max(0, place - random_.randrange(20)) : place]
    return bytes(sent)


def _read_as_h11(sent: bytes) -> tuple[object, ...] | None:
    """Method, target, headers and body of the first request; None: refused, or not whole."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    request, body = None, b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                return request.method, request.target, _join(list(request.headers)), body
            else:
                return None
    except h11.RemoteProtocolError:
        return None


def _join(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined


def _normalise_length(headers: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """h11 keeps one of several equal lengths, and lower-cases the transfer coding; neither changes the meaning."""
    length = headers.get(b"content-length")
    lower = {b"transfer-encoding": headers[b"transfer-encoding"].lower()} if b"transfer-encoding" in headers else {}
    return headers | lower | ({b"content-length": length.split(b",")[0].strip()} if length else {})


def test_what_is_accepted_means_the_same_to_h11():
    random_ = random.Random(20_26)
    agreed = 0
    for _ in range(20_000):
        sent = _mutate(random_)
        events = read([sent])
        if ("end",) not in events:
            continue
        end = events.index(("end",))
        method, target, headers, _ = events[0]
        body = b"".join(event[1] for event in events[1:end])  # type: ignore[misc]
        theirs = _read_as_h11(sent.lstrip(b"\r\n") if sent.startswith(b"\r\n") else sent)
        assert theirs is not None, sent
        ours = (str(method).encode(), target, _normalise_length(dict(headers)), body)  # type: ignore[call-overload]
        assert ours == (*theirs[:2], _normalise_length(theirs[2]), theirs[3]), sent  # type: ignore[arg-type]
        agreed += 1
    assert agreed > 1000


def test_noise_is_read_or_refused():
    random_ = random.Random(7)
    for _ in range(3000):
        sent = _mutate(random_) + random_.randbytes(random_.randrange(60))
        cut = random_.randrange(len(sent) + 1)
        assert read([sent[:cut], sent[cut:]]) == read([sent])

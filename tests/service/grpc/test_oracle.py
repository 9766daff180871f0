"""What our HTTP/2 takes for a request, the library h2 takes too, with the same headers and data.

`FUZZ_SECONDS` says how long to look for a difference (600 once in a while); as it comes, a short replay of seeds.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import hpack
import pytest

from service.grpc.http2 import frames
from service.grpc.http2.frames import HEAD, NUMBER, PREFACE, SETTING, frame
from service.grpc.http2.hpack import LIST_BYTES, Header
from service.grpc.http2.outbox import CONNECTION_BYTES, STREAM_BYTES
from tests.service.grpc.peer import FIELDS, Wire, grant

SECONDS = float(os.environ.get("FUZZ_SECONDS", "3"))

NAMES = [b"x", b"te", b"user-agent", b"content-type", b"grpc-timeout", b"X", b"connection", b"host", b"a b", b"", b":x"]
VALUES = [b"", b"1", b"trailers", b"here", b"a" * 300, b"\xc3\xa9", b"a\r\nb", b" a", b"0", b"5", b"a\0"]


@dataclass
class Heard:
    """Requests that were taken, by stream: whole ones, that were not given up."""

    heads: dict[int, list[Header]] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    def join(self) -> dict[int, tuple[list[Header], bytes]]:
        """Headers and body of each."""
        return {number: (self.heads[number], self.bodies.get(number, b"")) for number in self.ended}


def _converse(draw: random.Random) -> list[bytes]:
    """The frames of a conversation, most of it as it should be."""
    encoder, sent = hpack.Encoder(), [frame(frames.SETTINGS, 0, 0, _draw_settings(draw))]
    number = 1
    for _ in range(draw.randrange(1, 6)):
        body = draw.randbytes(draw.choice([0, 1, 5, 200, 20_000]))
        block = encoder.encode(_draw_fields(draw, len(body)), huffman=draw.random() < 0.5)
        sent += _draw_headers(draw, number, block, end=not body and draw.random() < 0.5)
        sent += _draw_data(draw, number, body)
        if draw.random() < 0.2:
            sent += _draw_headers(draw, number, encoder.encode([(b"x-trailer", b"1")]), end=True)
        else:
            sent.append(frame(frames.DATA, frames.END_STREAM, number))
        sent += draw.choice([[], [], [_draw_noise(draw, number)]])
        number += draw.choice([2, 2, 2, 4])
    return sent


def _draw_settings(draw: random.Random) -> bytes:
    chosen = draw.sample([(1, 4096), (1, 0), (2, 0), (3, 100), (4, 2**20), (4, 0), (5, 2**14), (0x99, 7)], 2)
    return b"".join([SETTING.pack(*one) for one in chosen])


def _draw_fields(draw: random.Random, size: int) -> list[Header]:
    fields = list(FIELDS)
    if draw.random() < 0.3:
        fields.append((b"content-length", b"%d" % (size + draw.choice([0, 0, 0, 1]))))
    for _ in range(draw.randrange(4)):
        wild = draw.random() < 0.15
        fields.append((draw.choice(NAMES), draw.choice(VALUES)) if wild else (b"x-%d" % draw.randrange(9), b"value"))
    if draw.random() < 0.1:
        draw.shuffle(fields)
    return fields


def _draw_headers(draw: random.Random, number: int, block: bytes, end: bool) -> list[bytes]:
    flags, payload = frames.END_STREAM * end, block
    if draw.random() < 0.2:
        cut = draw.randrange(len(block) + 1)
        first = frame(frames.HEADERS, flags, number, block[:cut])
        return [first, frame(frames.CONTINUATION, frames.END_HEADERS, number, block[cut:])]
    if draw.random() < 0.2:
        flags, payload = flags | frames.PRIORITISED, NUMBER.pack(0) + b"\x10" + payload
    if draw.random() < 0.2:
        flags, payload = flags | frames.PADDED, b"\3" + payload + bytes(3)
    return [frame(frames.HEADERS, flags | frames.END_HEADERS, number, payload)]


def _draw_data(draw: random.Random, number: int, body: bytes) -> list[bytes]:
    step = draw.choice([7, 100, 2**14])
    if len(body) // step > 60:
        step = 2**14
    parts = [body[start : start + step] for start in range(0, len(body), step)]
    if draw.random() < 0.2:
        return [frame(frames.DATA, frames.PADDED, number, b"\2" + part[:16_000] + bytes(2)) for part in parts]
    return [frame(frames.DATA, 0, number, part) for part in parts]


def _draw_noise(draw: random.Random, number: int) -> bytes:
    return draw.choice(
        [
            frame(frames.PING, 0, 0, bytes(8)),
            frame(frames.PRIORITY, 0, number + 2, NUMBER.pack(0) + b"\x10"),
            frame(frames.SETTINGS, frames.ACK, 0),
            frame(0x77, 0, number, b"what?"),
            grant(0, 100),
            frame(frames.RST_STREAM, 0, number, NUMBER.pack(8)),
        ]
    )


def _mutate(draw: random.Random, sent: list[bytes]) -> list[bytes]:
    """The same conversation with a few things wrong."""
    changed = [bytearray(one) for one in sent]
    for _ in range(draw.randrange(1, 4)):
        place = draw.randrange(len(changed))
        one = changed[place]
        match draw.randrange(6):
            case 0:
                one[draw.randrange(len(one))] = draw.randrange(256)
            case 1:
                one[draw.randrange(3, HEAD.size)] ^= 1 << draw.randrange(8)
            case 2:
                changed.insert(place, bytearray(draw.choice(changed)))
            case 3:
                if len(changed) > 1:
                    del changed[place]
            case 4:
                other = draw.randrange(len(changed))
                changed[place], changed[other] = changed[other], one
            case _:
                one[HEAD.size :] = draw.randbytes(len(one) - HEAD.size)
    return [bytes(one) for one in changed]


def _run_ours(draw: random.Random, data: bytes) -> Heard:
    wire, heard = Wire(greeted=False), Heard()
    step = draw.choice([1000, len(data)])
    for start in range(0, len(data), step):
        wire.receive(data[start : start + step])
    for stream, head in zip(wire.streams, wire.heads, strict=True):
        heard.heads[stream.number], heard.bodies[stream.number] = head, stream.body
        if stream.half_closed and not stream.gone:
            heard.ended.add(stream.number)
    return heard


def _run_theirs(data: bytes) -> tuple[Heard, int]:
    """What h2 hears, and how many bytes it has read by then: it ends the connection for requests that are malformed,
    where we end their streams only, as the standard allows; what comes behind them cannot be compared."""
    configuration = h2.config.H2Configuration(client_side=False, header_encoding=None)
    connection, heard = h2.connection.H2Connection(configuration), Heard()
    connection.local_settings = h2.settings.Settings(
        client=False,
        initial_values={
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: STREAM_BYTES,
            h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 256,
            h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: LIST_BYTES,
        },
    )
    connection.initiate_connection()
    connection.increment_flow_control_window(CONNECTION_BYTES - frames.WINDOW_BYTES)
    place = len(PREFACE)
    parts = [data[:place]]
    while place + HEAD.size <= len(data):
        high, low, *_ = HEAD.unpack_from(data, place)
        end = place + HEAD.size + (high << 8 | low)
        parts.append(data[place:end])
        place = end
    read = 0
    for part in parts:
        read += len(part)
        try:
            events = connection.receive_data(part)
        except h2.exceptions.ProtocolError:
            break
        for event in events:
            _hear(connection, heard, event)
    return heard, read


def _hear(connection: h2.connection.H2Connection, heard: Heard, event: h2.events.Event) -> None:
    if isinstance(event, h2.events.RequestReceived):
        heard.heads[event.stream_id] = [(bytes(name), bytes(value)) for name, value in event.headers]
    elif isinstance(event, h2.events.DataReceived):
        heard.bodies[event.stream_id] = heard.bodies.get(event.stream_id, b"") + event.data
    elif isinstance(event, h2.events.StreamEnded):
        heard.ended.add(event.stream_id)


def assert_no_more_than_h2(seed: int) -> int:
    """Of one conversation; answers how many requests were heard."""
    draw = random.Random(seed)
    sent = _converse(draw)
    if seed % 4:
        sent = _mutate(draw, sent)
    data = PREFACE + b"".join(sent)
    heard, read = _run_theirs(data)
    ours, theirs = _run_ours(draw, data[:read]).join(), heard.join()
    for number, request in ours.items():
        assert theirs.get(number) == request, f"seed {seed}, stream {number}"
    return len(ours)


def test_what_we_take_for_a_request_h2_takes_too():
    end, seed, heard = time.monotonic() + SECONDS, 0, 0
    while seed < 300 or time.monotonic() < end:
        heard += assert_no_more_than_h2(seed)
        seed += 1
    assert heard > seed / 4, "too few requests were whole for the comparison to mean anything"


@pytest.mark.reliability
def test_what_we_take_for_a_request_h2_takes_too_for_long():
    end, seed = time.monotonic() + float(os.environ.get("FUZZ_SECONDS", "60")), 10**6
    while time.monotonic() < end:
        assert_no_more_than_h2(seed)
        seed += 1

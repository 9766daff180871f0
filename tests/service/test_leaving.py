"""A client that leaves, wherever in its request, is no fault of the server: a line in the log at most, nothing kept."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from service.grpc.http2 import frames
from service.grpc.http2.frames import NUMBER, PREFACE, frame, frame_headers
from service.grpc.http2.hpack import encode
from tests.service.bundles import Labelled
from tests.service.grpc.conversation import build_request, connect
from tests.service.server import Server, find_children, run_server, wait_until
from tests.service.stubs import SeriesmithStub

SAMPLE = b'{"model": "sines", "n_per_class": 300, "seed": 1}'
HEAD = b"POST /%s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%s\r\n"

SENT = {
    "half a head": HEAD[:20],
    "half a body": HEAD % (b"sample", len(SAMPLE), b"") + SAMPLE[:5],
    "half a large body": HEAD % (b"classify", 10**7, b"") + b"{" + b" " * 10**6,
    "half a body of the protocol": HEAD % (b"v2/models/sines.encode/infer", 400, b"") + b"{",
    "a request": HEAD % (b"sample", len(SAMPLE), b"") + SAMPLE,
    "a streamed request": HEAD % (b"sample", len(SAMPLE), b"accept: application/octet-stream\r\n") + SAMPLE,
    "a request to BentoML": b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\nPOST /livez HTTP/1.1\r\ncontent-length: 9\r\n\r\na",
}


@pytest.fixture(scope="module", params=["private", "public"])
def left(request, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server of either front door, and its log."""
    folder = tmp_path_factory.mktemp(request.param)
    with run_server(folder, repository, front_door=request.param) as running:
        yield running, folder / "server.log"


def _count_in_progress(server: Server) -> float:
    return sum(
        value for name, value in server.read_metrics().items() if name.startswith("seriesmith_requests_in_progress")
    )


def test_a_client_that_leaves_leaves_nothing_behind(left: tuple[Server, Path], cases: Labelled):
    server, log = left
    host, port = server.url.removeprefix("http://").split(":")
    before = log.read_text()
    for reset in (False, True):
        for sent in SENT.values():
            with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(sent)
                if b"octet" in sent:
                    connection.recv(100)
    wait_until(lambda: _count_in_progress(server) == 0, seconds=20, what="an end of what was left")
    wait_until(lambda: server.read_metrics()["seriesmith_queue_rows"] == 0, seconds=20, what="an empty queue")
    server.answer("classify", model="sines", series=cases.series[:1])
    said = log.read_text().removeprefix(before)
    assert len(said.splitlines()) <= 2 * (len(SENT) + 2), said  # BentoML's access log, where it is asked
    assert all("[INFO]" in line for line in said.splitlines()), said


SETTINGS = frame(frames.SETTINGS, 0, 0)


def _call(method: str, message: bytes) -> list[bytes]:
    """The frames of a call: headers, and a body in two."""
    fields = [
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/seriesmith.v1.Seriesmith/%s" % method.encode()),
    ]
    fields += [(b":authority", b"x"), (b"te", b"trailers"), (b"content-type", b"application/grpc")]
    body = b"\0" + len(message).to_bytes(4) + message
    first, last = frame(frames.DATA, 0, 1, body[:9]), frame(frames.DATA, frames.END_STREAM, 1, body[9:])
    return [PREFACE + SETTINGS, frame_headers(1, encode(fields), end=False), first, last]


MANY = build_request("sample", model="sines", n_per_class=300, seed=1).SerializeToString()
WHOLE_CALL, STREAM = b"".join(_call("Sample", MANY)), b"".join(_call("SampleStream", MANY))
CALLS = {
    "half a preface": PREFACE[:10],
    "no settings": PREFACE,
    "half a head": WHOLE_CALL[:70],
    "half a body": b"".join(_call("Sample", MANY)[:3]),
    "a call": WHOLE_CALL,
    "a call given up": WHOLE_CALL + frame(frames.RST_STREAM, 0, 1, NUMBER.pack(frames.CANCEL)),
    "a stream": STREAM,
    "a stream given up": STREAM + frame(frames.RST_STREAM, 0, 1, NUMBER.pack(frames.CANCEL)),
}


def _leave_in_the_middle_of_a_stream(server: Server) -> None:
    """As a gRPC client does: it cancels, or closes its connection, or its deadline is over."""
    endless = build_request("sample", model="sines", n_per_class=1_000_000)
    for leave in ("cancel", "close", "deadline"):
        with connect(server) as channel:
            stream = SeriesmithStub(channel).SampleStream(endless, timeout=0.3 if leave == "deadline" else None)
            next(stream)
            if leave == "cancel":
                stream.cancel()
            elif leave == "deadline":
                with pytest.raises(grpc.RpcError):
                    list(stream)


def test_a_grpc_client_that_leaves_is_no_error_in_the_log(left: tuple[Server, Path], cases: Labelled):
    server, log = left
    host, port = server.grpc.split(":")
    before = log.read_text()
    for reset in (False, True):
        for sent in CALLS.values():
            with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(sent)
                if sent in (STREAM, WHOLE_CALL):
                    connection.recv(100)
    _leave_in_the_middle_of_a_stream(server)
    wait_until(lambda: _count_in_progress(server) == 0, seconds=20, what="an end of what was left")
    wait_until(lambda: server.read_metrics()["seriesmith_queue_rows"] == 0, seconds=20, what="an empty queue")
    with connect(server) as channel:
        answered = SeriesmithStub(channel).Classify(
            build_request("classify", model="sines", series=cases.series[:1]), timeout=30
        )
    assert answered.probabilities.shape == [1, 3]
    said = log.read_text().removeprefix(before)
    assert all("[INFO]" in line and "/metrics" in line for line in said.splitlines()), said


def test_who_left_does_not_hold_up_the_end(left: tuple[Server, Path]):
    server, _ = left
    workers = find_children(server.pid)
    start = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), seconds=20, what="the workers' end")
    assert time.monotonic() - start < 20  # a third of a second on an idle machine, and less than the timeout of 60

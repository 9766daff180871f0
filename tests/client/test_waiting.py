"""Servers that are not there, say nothing, dribble or break off: each ends in an error that says so, and in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import grpc
import pytest

from seriesmith import Client, Interrupted, InvalidRequest, SeriesmithClientError, Unreachable
from service.proto import seriesmith_pb2
from tests.client.conftest import KINDS, Scripted, open_client, run_grpc_server
from tests.client.test_retries import GOOD, OCTETS, SERIES
from tests.service.server import find_free_ports


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_stream_that_breaks_off_is_not_tried_again(kind: str):
    called: list[bytes] = []

    def sample(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        called.append(request)
        yield seriesmith_pb2.SampleAnswer(model="m", version=1, n_cases=3).SerializeToString()
        context.abort(grpc.StatusCode.UNAVAILABLE, "the server stops.")

    with (
        run_grpc_server("SampleStream", grpc.unary_stream_rpc_method_handler(sample)) as url,
        open_client(kind, url) as ask,
    ):
        with pytest.raises(Interrupted, match="the server stops.*with the same seed"):
            ask("sample", n_per_class=1)
        assert len(called) == 1


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_is_not_there_yet(scripted: Callable[..., Scripted], scheme: str):
    (port,) = find_free_ports(1)
    with Client(f"{scheme}://127.0.0.1:{port}", retries=1) as client:
        with pytest.raises(Unreachable, match="Check the URL, and that the server runs") as caught:
            client.encode(SERIES)
        assert caught.value.__notes__ == ["This was attempt 2 of at most 2."]


def test_a_connection_that_ends_in_an_answer_is_not_tried_again(scripted: Callable[..., Scripted]):
    server = scripted((200, {**OCTETS, "content-length": "1000"}, GOOD[2]), GOOD)
    with Client(server.url) as client, pytest.raises(SeriesmithClientError) as caught:
        client.encode(SERIES)
    assert caught.value.code == "interrupted" and len(server.received) == 1


@pytest.mark.parametrize(("scheme", "kind"), KINDS)
def test_a_server_that_never_answers(scheme: str, kind: str):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        for method, fields in (("encode", {"series": SERIES}), ("sample", {"n_per_class": 1})):
            began = time.monotonic()
            with open_client(kind, url, timeout=0.3) as ask, pytest.raises(SeriesmithClientError) as caught:
                ask(method, **fields)
            assert caught.value.code == "deadline_exceeded" and "longer timeout" in caught.value.message
            assert 0.25 < time.monotonic() - began < 10


def test_a_server_that_dribbles():
    """Each byte comes in time, the answer does not."""
    with socket.create_server(("127.0.0.1", 0)) as dribbling:

        def answer() -> None:
            connection, _ = dribbling.accept()
            head = "".join(f"{name}: {text}\r\n" for name, text in OCTETS.items())
            connection.sendall(f"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n{head}\r\n".encode())
            try:
                for _ in range(100):
                    connection.sendall(b"\0")
                    time.sleep(0.05)
            except OSError:
                connection.close()

        threading.Thread(target=answer, daemon=True).start()
        began = time.monotonic()
        url = f"http://127.0.0.1:{dribbling.getsockname()[1]}"
        with Client(url, timeout=0.3) as client, pytest.raises(SeriesmithClientError) as caught:
            client.encode(SERIES)
        assert caught.value.code == "deadline_exceeded" and time.monotonic() - began < 3


def test_a_bad_request_is_refused_before_anything_is_sent(scripted: Callable[..., Scripted]):
    server = scripted()
    with Client(server.url) as client, pytest.raises(InvalidRequest):
        client.sample_stream({"a": 1.5})  # type: ignore[dict-item]
    assert not server.received

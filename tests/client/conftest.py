"""Clients of every kind, called alike, and small servers that misbehave on purpose."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest

from bundle import repository as bundles
from seriesmith import AsyncClient, Client
from tests.service.server import Server, run_server

KEY = "a secret"

Ask = Callable[..., Any]
"""`ask("sample", n_per_class=3)`: what the method answers, or the list of its parts."""


def list_urls(server: Server) -> dict[str, str]:
    """The server's, by scheme."""
    return {"http": server.url, "grpc": f"grpc://{server.grpc}"}


@contextmanager
def open_client(kind: str, url: str, **options: Any) -> Iterator[Ask]:
    """Calls of a blocking or an async client."""
    if kind == "blocking":
        with Client(url, **options) as client:
            yield lambda name, /, *args, **kwargs: _take(getattr(client, name)(*args, **kwargs))
        return
    with asyncio.Runner() as runner:
        client_ = AsyncClient(url, **options)
        try:
            yield lambda name, /, *args, **kwargs: runner.run(_await(getattr(client_, name)(*args, **kwargs)))
        finally:
            runner.run(client_.close())


def _take(answer: Any) -> Any:
    return list(answer) if hasattr(answer, "send") else answer


async def _await(answer: Any) -> Any:
    return [part async for part in answer] if hasattr(answer, "asend") else await answer


KINDS = [(scheme, kind) for scheme in ("http", "grpc") for kind in ("blocking", "async")]


@pytest.fixture(scope="session", params=KINDS, ids=["-".join(pair) for pair in KINDS])
def ask(request: pytest.FixtureRequest, server: Server) -> Iterator[Ask]:
    """Each kind of client of the server."""
    scheme, kind = request.param
    with open_client(kind, list_urls(server)[scheme]) as asked:
        yield asked


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the shipped bundles to who has the key, and has room for one stream at a time."""
    folder = tmp_path_factory.mktemp("guarded")
    with run_server(folder, bundles.SHIPPED, KEY, max_rows=200, queue_rows=200) as running:
        yield running


Reply = tuple[int, dict[str, str], bytes]


class Scripted:
    """An HTTP server that gives these replies, one after the other, and keeps what it was sent."""

    def __init__(self, *replies: Reply) -> None:
        self.replies, self.received = list(replies), list[tuple[str, dict[str, str], bytes]]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, content))
                status, headers, body = outer.replies.pop(0)
                self.send_response(status)
                for name, value in ({"content-length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Makes such servers."""
    made: list[Scripted] = []

    def make(*replies: Reply) -> Scripted:
        made.append(Scripted(*replies))
        return made[-1]

    yield make
    for server in made:
        server.close()


@contextmanager
def run_grpc_server(method: str, handler: grpc.RpcMethodHandler) -> Iterator[str]:
    """A gRPC server of one method."""
    server = grpc.server(futures.ThreadPoolExecutor(2))
    service = grpc.method_handlers_generic_handler("seriesmith.v1.Seriesmith", {method: handler})
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()

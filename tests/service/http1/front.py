"""A front door in this process: real sockets and connections, paths of its own, no models."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from service.http.exchange import Request, Response, Streamed
from service.http.http1.connection import Http1Connection
from service.http.http1.places import Places
from service.http.routes import Routes
from service.http.table import Route, Table
from service.serving import Serving
from service.settings import Settings

ECHO = b"POST /echo HTTP/1.1\r\nHost: x\r\n"


class Front:
    """What tests ask and see of it."""

    def __init__(self, serving: Serving, port: int, state: ServerState, loop: asyncio.AbstractEventLoop) -> None:
        self.serving, self.port, self.state, self.loop = serving, port, state, loop
        self.seen: list[bytes] = []

    def connect(self, receive_bytes: int = 0) -> closing[socket.socket]:
        """A new connection, by wish with a small window."""
        connection = socket.socket()
        if receive_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(15)
        connection.connect(("127.0.0.1", self.port))
        return closing(connection)

    def ask(self, sent: bytes) -> list[tuple[int, dict[str, str], bytes]]:
        """All answers on a connection, until it is closed."""
        with self.connect() as connection:
            connection.sendall(sent)
            return read_answers(connection)


def answer(connection: socket.socket, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


def read_answers(connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
    """All that come until the connection is closed; each with a Content-Length."""
    file, found = connection.makefile("rb"), []
    while line := file.readline():
        headers: dict[str, str] = {}
        while (header := file.readline()) != b"\r\n":
            name, _, value = header.decode().partition(": ")
            headers[name] = value.strip()
        found.append((int(line.split()[1]), headers, file.read(int(headers.get("content-length", 0)))))
    return found


@contextmanager
def run_front(folder: Path, keep_alive: int = 5, **settings: Any) -> Iterator[Front]:
    """The paths /echo (use, 1 MB), /wait, /big, /stream; BentoML's are answered by a stand-in."""
    loop = uvloop.new_event_loop()
    serving = Serving(Settings(models=folder, grpc_port=0, **settings))
    serving.loop = loop
    routes, state = Routes(serving), ServerState()
    state.default_headers = [(b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]
    config = Config(_answer_as_bentoml, timeout_keep_alive=keep_alive, log_config=None, lifespan="off")
    config.load()

    async def echo(request: Request) -> Response:
        running.seen.append(request.body)
        return Response(request.body or b"nothing", b"text/plain")

    async def wait(request: Request) -> Response:
        await asyncio.sleep(0.3)
        return Response(b"waited", b"text/plain")

    async def big(request: Request) -> Response:
        return Response(bytes(40_000_000), b"text/plain")

    async def stream(request: Request) -> Streamed:
        async def chunks() -> AsyncGenerator[bytes, None]:
            for _ in range(1000):
                running.seen.append(b"made")
                yield bytes(100_000)

        return Streamed(chunks(), b"text/plain", (), lambda: None)

    rows = [
        Route("/echo", ("GET", "POST"), echo, "use", 10**6),
        Route("/v2/echo", ("POST",), echo, "use", 10**6),
        Route("/wait", ("GET",), wait),
        Route("/big", ("GET",), big),
        Route("/stream", ("GET",), stream),
        Route("/livez", ("GET",), None),
    ]
    routes.table = Table(rows)
    made = type("Made", (Http1Connection,), {"routes": routes, "places": Places(serving.connections)})
    listener = socket.create_server(("127.0.0.1", 0))
    running = Front(serving, listener.getsockname()[1], state, loop)
    server = loop.run_until_complete(loop.create_server(lambda: made(config, state, {}, _loop=loop), sock=listener))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(server.close)
        for connection in list(state.connections):
            loop.call_soon_threadsafe(connection.transport.abort)
        loop.call_soon_threadsafe(loop.call_later, 0.05, loop.stop)
        thread.join()
        loop.close()


async def _answer_as_bentoml(scope: Any, receive: Any, send: Any) -> None:
    body = f"{scope['method']} {scope['path']} {scope['query_string'].decode()}".encode()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})

"""The gRPC server of one worker: it answers from when the models are loaded until the last call in flight has ended.

It speaks HTTP/2 itself, on the event loop that everything else runs on. grpcio's server moves every call through four
events between three threads of its own: an echo costs it 209 µs of CPU from 64 clients, and 320 from one; here 15 and
28 (asked by h2load).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from functools import partial

from service.grpc import health, reflection, typed
from service.grpc.asked import Method, read
from service.grpc.call import Call
from service.grpc.calls import Calls
from service.grpc.health import Health
from service.grpc.http2.connection import Connection
from service.grpc.http2.deadlines import Bounds
from service.inference import grpc as inference
from service.serving import Serving
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")

LAST_CALL_SECONDS = 1.0
"""For a client to hear that the server is leaving, before it takes no more calls."""

INTERFACES: dict[str, Callable[[Calls], dict[str, Method]]] = {
    typed.SERVICE.full_name: typed.methods,
    inference.SERVICE.full_name: inference.methods,
}
"""What is served, by name: the methods of each."""


class GrpcServer:
    """Serves every interface on the port of the settings; workers share it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._listening: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._emptied = asyncio.Event()
        self._methods: dict[bytes, Method] = {}

    async def start(self) -> None:
        """Answer, from now on; nothing happens where the port is 0. Raises `OSError` when it cannot be had."""
        settings = self._serving.settings
        if not settings.grpc_port:
            return
        calls = Calls(self._serving)
        self._health = Health(self._serving, INTERFACES)
        services = {name: methods(calls) for name, methods in INTERFACES.items()}
        services |= {health.SERVICE: self._health.methods()}
        services |= {reflection.SERVICE: reflection.methods(services)}
        self._methods = {
            f"/{service}/{name}".encode(): method
            for service, methods in services.items()
            for name, method in methods.items()
        }
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._connection, settings.grpc_host, settings.grpc_port, reuse_port=True, backlog=1024
        )
        logger.info("gRPC is served on %s", _address(settings))

    async def stop(self) -> None:
        """Say that it is over, take no new calls, and let those in flight end."""
        if self._listening is None:
            return
        self._health.stop()
        self._listening.close()
        for connection in self._connections:
            connection.leave()
        await self._empty(LAST_CALL_SECONDS)
        for connection in list(self._connections):
            connection.left()
        await self._empty(self._serving.settings.timeout_seconds)
        for connection in self._connections:
            connection.transport.abort()

    async def _empty(self, seconds: float) -> None:
        """Return when there are no connections any more, or time is up."""
        self._emptied.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    def _connection(self) -> Connection:
        serving = self._serving
        settings = serving.settings
        connection = Connection(
            lambda headers: read(headers, self._methods),
            partial(Call, serving),
            self._gone,
            serving.bytes,
            serving.connections,
            self._connections,
            Bounds(settings.head_seconds, settings.body_seconds, settings.write_seconds, settings.idle_seconds),
        )
        self._connections.add(connection)
        return connection

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._emptied.set()


def require_free_port(settings: Settings) -> None:
    """Raise `OSError` where somebody else listens. Workers share the port, so that they would not notice it."""
    if not settings.grpc_port:
        return
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.grpc_host, settings.grpc_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise OSError(
                f"the gRPC port {_address(settings)} cannot be had ({error.strerror}); set SERIESMITH_GRPC_PORT to "
                "another, or to 0 for none."
            ) from error


def _address(settings: Settings) -> str:
    host = f"[{settings.grpc_host}]" if ":" in settings.grpc_host else settings.grpc_host
    return f"{host}:{settings.grpc_port}"

"""The gRPC server of one worker: it answers from when the models are loaded until the last call in flight has ended.

It speaks HTTP/2 itself, on the event loop that everything else runs on. grpcio's server moves every call through four
events between three threads of its own: an echo costs it 209 µs of CPU from 64 clients, and 320 from one; here 15 and
28 (asked by h2load).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any

from service.certificates import Certificate
from service.grpc.address import bind_sockets, write_address
from service.grpc.asked import Method, read_call
from service.grpc.call import Call
from service.grpc.health import Health
from service.grpc.http2.connection import Http2Connection
from service.grpc.http2.deadlines import Bounds
from service.grpc.interfaces import INTERFACES, list_methods
from service.grpc.tls import build_tls_context, list_certificates
from service.listening import HANDSHAKE_SECONDS, close_servers, refuse_connections
from service.serving import Serving

logger = logging.getLogger("bentoml.seriesmith")

LAST_CALL_SECONDS = 1.0
"""For a client to hear that the server is leaving, before it takes no more calls."""

BACKLOG = 1024
"""Connections that wait to be accepted."""


class GrpcServer:
    """Serves every interface on the port of the settings; workers share it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._listening: list[asyncio.Server] = []
        self._connections: set[Http2Connection] = set()
        self._emptied = asyncio.Event()
        self._methods: dict[bytes, Method] = {}
        self.certificates: list[Certificate] = []

    async def start(self) -> None:
        """Listen and answer from now on; do nothing where the port is 0.

        Raises `OSError` when the port cannot be bound, and `ValueError` when the certificate cannot be used.
        """
        settings = self._serving.settings
        if not settings.grpc_port:
            return
        self._health = Health(self._serving, INTERFACES)
        self._methods = list_methods(self._serving, self._health)
        loop = asyncio.get_running_loop()
        secured: dict[str, Any] = {}
        self._tls = tls = build_tls_context(settings)
        if tls:
            self.certificates = list_certificates(settings, tls)
            secured = {"ssl": tls, "ssl_handshake_timeout": settings.head_seconds}
        self._listening = [
            await loop.create_server(self._make_connection, sock=one, backlog=BACKLOG, **secured)
            for one in bind_sockets(settings)
        ]
        logger.info("gRPC is served on %s%s", write_address(settings), ", with TLS" if tls else "")

    async def stop(self) -> None:
        """Tell health checks that the server stops, refuse new calls, and wait for those in flight."""
        if not self._listening:
            return
        self._health.stop()
        for listening in self._listening:
            for one in listening.sockets:  # this worker's own
                refuse_connections(one)
        await asyncio.sleep(HANDSHAKE_SECONDS)
        await close_servers(self._listening, self._make_connection, self._tls)
        for connection in self._connections:
            connection.leave()
        await self._wait_until_empty(LAST_CALL_SECONDS)
        for connection in list(self._connections):
            connection.refuse_streams()
        await self._wait_until_empty(self._serving.settings.timeout_seconds)
        for connection in self._connections:
            connection.transport.abort()

    async def _wait_until_empty(self, seconds: float) -> None:
        """Wait until there are no connections, for at most `seconds`."""
        self._emptied.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    def _make_connection(self) -> Http2Connection:
        serving = self._serving
        settings = serving.settings
        return Http2Connection(
            lambda headers: read_call(headers, self._methods),
            partial(Call, serving),
            self._forget_connection,
            serving.bytes,
            serving.connections,
            self._connections,
            Bounds(settings.head_seconds, settings.body_seconds, settings.write_seconds, settings.idle_seconds),
        )

    def _forget_connection(self, connection: Http2Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._emptied.set()

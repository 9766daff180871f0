"""The gRPC server of one worker: it answers from when the models are loaded until the last call in flight has ended."""

from __future__ import annotations

import logging
import socket

import grpc
from grpc_reflection.v1alpha import reflection

from service.grpc import typed
from service.grpc.calls import Calls
from service.grpc.health import SERVICE as HEALTH
from service.grpc.health import Health
from service.serving import Serving
from service.settings import Settings

logger = logging.getLogger("bentoml.seriesmith")

INTERFACES = {typed.SERVICE.full_name: typed.add_to}
"""What is served, by name; each adds its methods to the server."""


class GrpcServer:
    """Serves every interface on the port of the settings; workers share it."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Answer, from now on; nothing happens where the port is 0. Raises `RuntimeError` when the port is taken."""
        settings = self._serving.settings
        if not settings.grpc_port:
            return
        server = grpc.aio.server(options=_options(settings))
        self._health = Health(self._serving, INTERFACES)
        calls = Calls(self._serving)
        for add_to in INTERFACES.values():
            add_to(server, calls)
        self._health.add_to(server)
        reflection.enable_server_reflection((*INTERFACES, HEALTH, reflection.SERVICE_NAME), server)
        server.add_insecure_port(_address(settings))
        await server.start()
        self._server = server
        logger.info("gRPC is served on %s", _address(settings))

    async def stop(self) -> None:
        """Say that it is over, take no new calls, and let those in flight end."""
        if self._server is not None:
            self._health.stop()
            await self._server.stop(self._serving.settings.timeout_seconds)


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


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", settings.max_body_bytes),
        ("grpc.max_send_message_length", -1),
    ]

"""`grpc.health.v1`: SERVING while a model is served, and NOT_SERVING from the moment the server begins to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection

from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2

from bundle.errors import InvalidRequest, NotFound
from service.grpc.asked import Asked, Method
from service.serving import Serving

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

Status = health_pb2.HealthCheckResponse


class Health:
    """Answers health checks: the state of the server (""), which is also the state of each of its services."""

    def __init__(self, serving: Serving, services: Collection[str]) -> None:
        self._serving, self._known = serving, {"", *services}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Answer NOT_SERVING from now on, also to those who watch, and end their calls."""
        self._stopping.set()

    def list_methods(self) -> dict[str, Method]:
        """Return the methods Check and Watch by path."""
        return {"Check": Method(whole=self._check), "Watch": Method(parts=self._watch)}

    async def _check(self, request: bytes, asked: Asked) -> bytes:
        service = _parse_service(request)
        if service not in self._known:
            raise NotFound(f"there is no service {service[:200]!r} here.", "service")
        return _encode_status(self._find_status())

    async def _watch(self, request: bytes, asked: Asked) -> AsyncGenerator[bytes, None]:
        service, told = _parse_service(request), None
        while True:
            now = self._find_status() if service in self._known else Status.SERVICE_UNKNOWN
            if now != told:
                yield _encode_status(now)
                told = now
            if self._stopping.is_set():
                return
            try:
                await asyncio.wait_for(self._stopping.wait(), self._serving.settings.refresh_seconds)
            except TimeoutError:
                continue

    def _find_status(self) -> int:
        ready = self._serving.ready and not self._stopping.is_set()
        return int(Status.SERVING if ready else Status.NOT_SERVING)


def _parse_service(request: bytes) -> str:
    try:
        return str(health_pb2.HealthCheckRequest.FromString(request).service)
    except DecodeError as error:
        raise InvalidRequest("the message is no grpc.health.v1.HealthCheckRequest.") from error


def _encode_status(status: int) -> bytes:
    return bytes(Status(status=status).SerializeToString())

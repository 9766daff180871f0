"""`grpc.health.v1`: SERVING while a model is served, and NOT_SERVING from the moment the server begins to stop.

Written here because the usual servicer keeps a watcher's call open, so that a graceful stop would wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2

from service.grpc.calls import Context
from service.serving import Serving

SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

Asked: TypeAlias = "health_pb2.HealthCheckRequest"
Status = health_pb2.HealthCheckResponse


class Health:
    """The state of the server as a whole (""), which is that of each of its services."""

    def __init__(self, serving: Serving, services: Collection[str]) -> None:
        self._serving, self._known = serving, {"", *services}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Say so, to those who ask and those who watch; watchers are then let go."""
        self._stopping.set()

    def add_to(self, server: grpc.aio.Server) -> None:
        """Have `server` answer Check and Watch."""
        messages = {
            "request_deserializer": health_pb2.HealthCheckRequest.FromString,
            "response_serializer": Status.SerializeToString,
        }
        handlers = {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, **messages),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch, **messages),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))

    async def _check(self, request: Asked, context: Context) -> Any:
        if request.service not in self._known:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no service {request.service[:200]!r} here.")
        return Status(status=self._now())

    async def _watch(self, request: Asked, context: Context) -> None:
        told = None
        while not self._stopping.is_set() or told is None:
            now = self._now() if request.service in self._known else Status.SERVICE_UNKNOWN
            if now != told:
                await context.write(Status(status=now))
                told = now
            try:
                await asyncio.wait_for(self._stopping.wait(), self._serving.settings.refresh_seconds)
            except TimeoutError:
                continue
        if told == Status.SERVING:
            await context.write(Status(status=Status.NOT_SERVING))

    def _now(self) -> Any:
        ready = self._serving.ready and not self._stopping.is_set()
        return Status.SERVING if ready else Status.NOT_SERVING

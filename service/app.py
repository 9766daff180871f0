"""The BentoML service: `bentoml serve service.app:Seriesmith`."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import bentoml
import orjson

from bundle.cores import count_gpus
from service.certificates import follow_certificates, list_http_certificates
from service.draining import drain_on_sigterm
from service.following import require_registry
from service.front_door import open_front_door
from service.grpc.address import require_free_port
from service.grpc.grpcio_server import GrpcioServer
from service.grpc.server import GrpcServer
from service.grpc.tls import build_tls_context, require_tls_beside_https
from service.http.routes import Routes
from service.operations import OPERATIONS, Operation
from service.room import TEXT_BYTES, Room
from service.serving import Serving
from service.settings import Settings, require_models, require_writable, review_environment
from service.supervisor import end_with_supervisor, mark_ready, supervise
from service.wires.json_text import encode_json

logger = logging.getLogger("bentoml.seriesmith")


def choose_gpu(worker: int | None, gpus: int) -> int:
    """Return the GPU of a worker, which BentoML counts from 1: they take them in turn."""
    return ((worker or 1) - 1) % max(1, gpus)


try:
    SETTINGS = Settings.from_environment()
    SERVING = Serving(SETTINGS, choose_gpu(bentoml.server_context.worker_index, count_gpus()))
    ROUTES = Routes(SERVING)
except ValueError as error:
    raise SystemExit(str(error)) from error
GRPC = GrpcServer(SERVING) if SETTINGS.grpc == "own" else GrpcioServer(SERVING)


class _Lifecycle:
    """Loads the models before the first request and lets the last one end."""

    @bentoml.on_deployment
    @staticmethod
    def claim() -> None:
        """Once, before there are workers: what none of them could serve ends the command."""
        for sentence in review_environment():
            logger.warning(sentence)
        try:
            require_writable()
            require_models(SETTINGS)
            require_registry(SETTINGS)
            require_free_port(SETTINGS)
            require_tls_beside_https(SETTINGS, sys.argv)
            build_tls_context(SETTINGS)
        except (OSError, ValueError) as error:
            raise SystemExit(str(error)) from error
        supervise(SETTINGS)

    @bentoml.on_startup
    async def start(self) -> None:
        await SERVING.start()
        await GRPC.start()
        certificates = [*list_http_certificates(), *GRPC.certificates]
        drain_on_sigterm(SERVING)
        mark_ready()
        self._orphaned = asyncio.create_task(end_with_supervisor())
        self._following = asyncio.create_task(follow_certificates(certificates))

    @bentoml.on_shutdown
    async def stop(self) -> None:
        self._orphaned.cancel()
        self._following.cancel()
        await GRPC.stop()
        await SERVING.stop()

    async def __is_ready__(self) -> bool:
        return SERVING.ready


def _declare(operation: Operation) -> Any:
    """The operation as BentoML knows it: its schema, its client, and a way in should the front door be shut."""

    async def call(self: _Lifecycle, **fields: Any) -> dict[str, Any]:
        given = {name: value for name, value in fields.items() if value is not None}
        with Room(SERVING.bytes, TEXT_BYTES) as room:
            made = await operation.run(operation.parse(given), SERVING, room)
            answer: dict[str, Any] = orjson.loads(encode_json(made)[0])
            return answer

    call.__name__ = call.__qualname__ = operation.name
    call.__doc__ = operation.summary
    call.__module__ = __name__
    return bentoml.api(call, route=f"/{operation.name}", input_spec=operation.request)


Seriesmith = open_front_door(
    type("Seriesmith", (_Lifecycle,), {name: _declare(operation) for name, operation in OPERATIONS.items()}),
    ROUTES,
    private=SETTINGS.front_door == "private",
    name="seriesmith",
    workers=SETTINGS.processes,
    metrics={"enabled": False},  # /metrics is answered by service/exposition.py
    traffic={"timeout": SETTINGS.timeout_seconds},
    logging={"access": {"enabled": False}},
)

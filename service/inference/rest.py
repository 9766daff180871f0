"""The protocol over HTTP: what the paths under /v2 answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import orjson

from models.errors import NotFound, Unavailable
from service import VERSION, metrics
from service.admission import in_time
from service.http.codings import WORTH_BYTES, acceptable, packed, unpacked
from service.http.exchange import JSON, Request, Response
from service.http.table import Route
from service.inference import EXTENSIONS, bodies
from service.inference.models import Model, Models, bundle_and_operation
from service.inference.repository import index, load, unload
from service.operations import Operation
from service.pace import LARGE_BYTES, UNPACKED_TIMES, unhurried
from service.serving import Serving

HEALTH = "/v2/health/"

CODINGS = (b"gzip", b"deflate", b"zstd")
"""Those to answer with; the first two are all that the protocol's own clients read."""

PATHS = (
    "GET /v2, /v2/health/live, /v2/health/ready, /v2/models/<model>[/versions/<version>][/ready]; "
    "POST /v2/models/<model>[/versions/<version>]/infer, /v2/repository/index, /v2/repository/models/<model>/load, "
    "/v2/repository/models/<model>/unload"
)


def speaks(path: str) -> bool:
    """Whether a path is the protocol's."""
    return path.startswith("/v2") and path[3:4] in ("", "/")


def _operation_of(model: str, version: str = "") -> str | None:
    operation = bundle_and_operation(unquote(model))[1]
    return operation.name if operation else None


class Rest:
    """The paths under /v2; all but those of health need the API key."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._models = Models(serving)

    def rows(self, limit: int, small: int) -> Iterator[Route]:
        """The protocol's rows of the table of paths; inferences' bodies have at most `limit` bytes, others `small`."""
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            yield Route(f"{model}/infer/?", ("POST",), self._infer, "use", limit, _operation_of)
            yield Route(f"{model}/ready/?", ("GET",), self._tell_model_ready, "use", small)
            yield Route(f"{model}/?", ("GET",), self._describe_model, "use", small)
        yield Route(f"{HEALTH}{{what}}/?", ("GET",), self._health, None, small)
        yield Route("/v2/?", ("GET",), self._describe_server, "use", small)
        yield Route("/v2/repository/index/?", ("POST",), self._index, "use", small)
        yield Route("/v2/repository/models/{model}/load/?", ("POST",), self._load, "manage", small)
        yield Route("/v2/repository/models/{model}/unload/?", ("POST",), self._unload, "manage", small)
        yield Route("/v2/{rest*}", (), self._refuse_unknown, "use", small)

    async def _infer(self, request: Request, name: str, version: str = "") -> Response:
        model = self._models.known(request.path)
        if model is not None:
            return await self._inferred(request, model.operation, lambda: model)
        name = unquote(name)
        operation = bundle_and_operation(name)[1]
        if operation is None:
            return _json(self._models.metadata(name, version))
        return await self._inferred(request, operation, lambda: self._models.find(name, version, request.path))

    async def _describe_model(self, request: Request, name: str, version: str = "") -> Response:
        return _json(self._models.metadata(unquote(name), version))

    async def _tell_model_ready(self, request: Request, name: str, version: str = "") -> Response:
        return _json({"name": self._models.metadata(unquote(name), version)["name"], "ready": True})

    async def _describe_server(self, request: Request) -> Response:
        return _json({"name": "seriesmith", "version": VERSION, "extensions": EXTENSIONS})

    async def _index(self, request: Request) -> Response:
        return _json(index(self._serving, self._control(request).get("ready") is True))

    async def _load(self, request: Request, name: str) -> Response:
        parameters = bodies.json_object(self._control(request).get("parameters", {}), "parameters")
        await load(self._serving, unquote(name), parameters)
        return _json({})

    async def _unload(self, request: Request, name: str) -> Response:
        bodies.json_object(self._control(request).get("parameters", {}), "parameters")
        await unload(self._serving, unquote(name))
        return _json({})

    async def _refuse_unknown(self, request: Request, rest: str) -> Response:
        raise NotFound(f"there is no {request.path[:200]!r} here; there is: {PATHS}.")

    async def _health(self, request: Request, what: str) -> Response:
        if what not in ("live", "ready"):
            raise NotFound(f"there is no {HEALTH}{what[:80]} here; there is: {HEALTH}live and {HEALTH}ready.")
        if what == "ready" and not self._serving.ready:
            raise Unavailable("no model is served, or the server is stopping.")
        return _json({"live": True} if what == "live" else {"live": True, "ready": True})

    async def _inferred(self, request: Request, operation: Operation, find: Callable[[], Model]) -> Response:
        headers, body = request.headers, request.body
        with metrics.Outcome(operation.name) as outcome:
            self._serving.lane.require_room()
            model = find()
            outcome.model = model.manifest.name
            coding = headers.get(b"content-encoding", b"")
            if coding or len(body) > LARGE_BYTES:
                asked = await unhurried(
                    len(body) * (UNPACKED_TIMES if coding else 1), lambda: self._asked(body, coding, headers)
                )
            else:
                asked = bodies.asked(body, headers.get(bodies.HEADER_LENGTH))
            plan = model.plan(tuple(asked.outputs))
            parsed = model.parsed(asked.given, plan)
            taken = plan.taken(await in_time(self._serving, operation.run(parsed, self._serving, plan.wanted)))
            size = sum([getattr(column, "nbytes", 0) for _, column in taken])
            accepted = headers.get(b"accept-encoding", b"")
            if accepted or size > LARGE_BYTES:
                response = await unhurried(size, lambda: _packed(bodies.response(model, asked, taken), accepted))
            else:
                response = bodies.response(model, asked, taken)
            response.more = (*response.more, (b"vary", b"accept-encoding"))
            return response

    def _asked(self, body: bytes, coding: bytes, headers: dict[bytes, bytes]) -> bodies.Asked:
        plain = unpacked(body, coding, self._serving.settings.max_body_bytes)
        return bodies.asked(plain, headers.get(bodies.HEADER_LENGTH))

    def _control(self, request: Request) -> dict[str, Any]:
        """The JSON object in the body of a repository request, which may be empty."""
        limit = self._serving.settings.max_body_bytes
        body = unpacked(request.body, request.headers.get(b"content-encoding", b""), limit)
        return bodies.json_object(bodies.parsed(body) if body else {}, "the body")


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), JSON)


def _packed(response: Response, accepted: bytes) -> Response:
    """With a content coding where one is accepted. Binary data hardly gets smaller, so that for it one must be asked
    for by name: a lone one is a client's wish, a list what HTTP libraries send of themselves."""
    binary = response.media_type != JSON
    coding = acceptable(accepted, CODINGS) if accepted and not (binary and b"," in accepted) else None
    if coding is None or len(response.body) < WORTH_BYTES:
        return response
    more = (*response.more, (b"content-encoding", coding))
    return Response(packed(response.body, coding), response.media_type, 200, more)

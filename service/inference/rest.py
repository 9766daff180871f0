"""The protocol over HTTP: answers the paths under /v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import orjson

from bundle import VERSION
from bundle.errors import NotFound, TooLarge, Unavailable
from bundle.showing import show
from service import metrics
from service.admission import admit
from service.http.codings import WORTH_BYTES, choose_answer_coding, pack, unpack
from service.http.exchange import JSON, Request, Response
from service.http.table import Route
from service.inference import EXTENSIONS, LACKS, bodies
from service.inference.infer import Inference, measure_size
from service.inference.models import Model, split_name
from service.inference.repository import list_models, load, unload
from service.inference.statistics import describe_statistics
from service.observing.record import mark
from service.operations import Operation
from service.pace import LARGE_BYTES, run_unhurried
from service.room import BINARY_BYTES, TEXT_BYTES, Room
from service.serving import Serving

HEALTH = "/v2/health/"

CONTROL_BYTES = 2**16
"""Of a body that names no series."""

CODINGS = (b"gzip", b"deflate", b"zstd")
"""Those to answer with; the first two are all that the protocol's own clients read."""

PATHS = (
    "GET /v2, /v2/health/live, /v2/health/ready, /v2/models/stats, "
    "/v2/models/<model>[/versions/<version>][/ready, /config or /stats]; "
    "POST /v2/models/<model>[/versions/<version>]/infer, /v2/repository/index, /v2/repository/models/<model>/load, "
    "/v2/repository/models/<model>/unload"
)
LACKING = (
    "/v2/models/{model}/trace/setting/?",
    "/v2/models/{model}/generate/?",
    "/v2/models/{model}/generate_stream/?",
    "/v2/trace/setting/?",
    "/v2/logging/?",
    "/v2/systemsharedmemory/{rest*}",
    "/v2/cudasharedmemory/{rest*}",
    "/v2/xpusharedmemory/{rest*}",
)
"""Of Triton's extensions."""


def speaks(path: str) -> bool:
    """Whether a path is the protocol's."""
    return path.startswith("/v2") and path[3:4] in ("", "/")


def _find_operation(model: str, version: str = "") -> str | None:
    operation = split_name(unquote(model))[1]
    return operation.name if operation else None


class Rest:
    """The paths under /v2; all but those of health need the API key."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._inference = Inference(serving)
        self._models = self._inference.models

    def make_rows(self, limit: int, small: int) -> Iterator[Route]:
        """Yield the rows of the protocol. Bodies of inferences have at most `limit` bytes, others `small`."""
        yield Route("/v2/models/stats/?", ("GET",), self._tell_statistics, "metrics", small)
        for model in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
            yield Route(f"{model}/infer/?", ("POST",), self._infer, "use", limit, _find_operation)
            yield Route(f"{model}/ready/?", ("GET",), self._tell_model_ready, "use", small)
            yield Route(f"{model}/config/?", ("GET",), self._configure_model, "use", small)
            yield Route(f"{model}/stats/?", ("GET",), self._tell_statistics, "metrics", small)
            yield Route(f"{model}/?", ("GET",), self._describe_model, "use", small)
        yield Route(f"{HEALTH}{{what}}/?", ("GET",), self._tell_health, None, small)
        yield Route("/v2/?", ("GET",), self._describe_server, "use", small)
        yield Route("/v2/repository/index/?", ("POST",), self._list_models, "use", small)
        yield Route("/v2/repository/models/{model}/load/?", ("POST",), self._load, "manage", small)
        yield Route("/v2/repository/models/{model}/unload/?", ("POST",), self._unload, "manage", small)
        for lacking in LACKING:
            yield Route(lacking, (), self._refuse_lacking, "use", small)
        yield Route("/v2/{rest*}", (), self._refuse_unknown, "use", small)

    async def _infer(self, request: Request, name: str, version: str = "") -> Response:
        model = self._models.recall(request.path)
        if model is not None:
            return await self._run_inference(request, model.operation, lambda: model)
        name = unquote(name)
        operation = split_name(name)[1]
        if operation is None:
            return _write_json(self._models.describe(name, version))
        return await self._run_inference(request, operation, lambda: self._models.find(name, version, request.path))

    async def _describe_model(self, request: Request, name: str, version: str = "") -> Response:
        return _write_json(self._models.describe(unquote(name), version))

    async def _tell_model_ready(self, request: Request, name: str, version: str = "") -> Response:
        return _write_json({"name": self._models.describe(unquote(name), version)["name"], "ready": True})

    async def _configure_model(self, request: Request, name: str, version: str = "") -> Response:
        return _write_json(self._models.describe_config(unquote(name), version))

    async def _tell_statistics(self, request: Request, name: str = "", version: str = "") -> Response:
        return _write_json(await describe_statistics(self._models, unquote(name), version))

    async def _describe_server(self, request: Request) -> Response:
        return _write_json({"name": "seriesmith", "version": VERSION, "extensions": EXTENSIONS})

    async def _list_models(self, request: Request) -> Response:
        return _write_json(list_models(self._serving, (await self._read_control(request)).get("ready") is True))

    async def _load(self, request: Request, name: str) -> Response:
        parameters = bodies.read_parameters(await self._read_control(request))
        await load(self._serving, unquote(name), parameters)
        return _write_json({})

    async def _unload(self, request: Request, name: str) -> Response:
        bodies.read_parameters(await self._read_control(request))
        await unload(self._serving, unquote(name))
        return _write_json({})

    async def _refuse_lacking(self, request: Request, *parts: str) -> Response:
        raise NotFound(f"{show(request.path, 80)} {LACKS}")

    async def _refuse_unknown(self, request: Request, rest: str) -> Response:
        raise NotFound(f"there is no {request.path[:200]!r} here; there is: {PATHS}.")

    async def _tell_health(self, request: Request, what: str) -> Response:
        if what not in ("live", "ready"):
            raise NotFound(f"there is no {HEALTH}{what[:80]} here; there is: {HEALTH}live and {HEALTH}ready.")
        if what == "ready" and not self._serving.ready:
            raise Unavailable("no model is served, or the server is stopping.")
        return _write_json({"live": True} if what == "live" else {"live": True, "ready": True})

    async def _run_inference(self, request: Request, operation: Operation, find: Callable[[], Model]) -> Response:
        headers, body = request.headers, request.body
        with metrics.Outcome(operation.name) as outcome:
            admit(self._serving, headers.get(b"authorization", b""), outcome)
            mark("admission")
            model = find()
            outcome.model = model.manifest.name
            plain, coding = body, headers.get(b"content-encoding")
            if coding:
                plain = await unpack(body, coding, self._serving.settings.max_body_bytes)
            length, bounds = headers.get(bodies.HEADER_LENGTH), self._inference.bounding.get_bounds()
            if len(plain) > LARGE_BYTES:
                asked = await run_unhurried(len(plain), lambda: bodies.read_request(plain, length, bounds))
            else:
                asked = bodies.read_request(plain, length, bounds)
            mark("decode")
            written = BINARY_BYTES if asked.is_all_binary else TEXT_BYTES
            with Room(self._serving.bytes, written, len(body)) as room:
                taken = await self._inference.run(model, asked.given, asked.outputs, room, in_seconds=True)
                mark("compute")
                size = measure_size(taken)
                accepted = headers.get(b"accept-encoding", b"")
                if accepted or size > LARGE_BYTES:
                    response = await run_unhurried(
                        size, lambda: _pack(bodies.build_response(model, asked, taken), accepted)
                    )
                else:
                    response = bodies.build_response(model, asked, taken)
            response.more = (*response.more, (b"vary", b"accept-encoding"))
            return response

    async def _read_control(self, request: Request) -> dict[str, Any]:
        """Read the JSON object in the body of a repository request; an empty body is an empty object."""
        body = await unpack(request.body, request.headers.get(b"content-encoding", b""), CONTROL_BYTES)
        if len(body) > CONTROL_BYTES:
            raise TooLarge(f"the body has {len(body)} bytes; a request of this kind may have {CONTROL_BYTES}.")
        return bodies.require_object(bodies.parse_json(body) if body else {}, "the body")


def _write_json(value: object) -> Response:
    return Response(orjson.dumps(value), JSON)


def _pack(response: Response, accepted: bytes) -> Response:
    """Apply a content coding that the client accepts.

    Binary data hardly get smaller, so they are packed only where the client names a single coding: HTTP libraries send
    a list of codings of their own accord.
    """
    binary = response.media_type != JSON
    coding = choose_answer_coding(accepted, CODINGS) if accepted and not (binary and b"," in accepted) else None
    if coding is None or len(response.body) < WORTH_BYTES:
        return response
    more = (*response.more, (b"content-encoding", coding))
    return Response(pack(response.body, coding), response.media_type, 200, more)

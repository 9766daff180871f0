"""The protocol over HTTP: what the paths under /v2 answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from models.errors import NotFound, TooLarge, Unavailable
from models.showing import show
from service import VERSION, metrics
from service.admission import authenticate
from service.http.codings import WORTH_BYTES, acceptable, packed, unpack
from service.http.exchange import JSON, Request, Response, require
from service.inference import EXTENSIONS, bodies
from service.inference.infer import Inference, size_of
from service.inference.models import Model, bundle_and_operation
from service.inference.repository import index, load, unload
from service.operations import Operation
from service.pace import LARGE_BYTES, unhurried
from service.serving import Serving

HEALTH = "/v2/health/"
INFER = "/infer"
CONFIG = "/config"

CONTROL_BYTES = 2**16
"""Of a body that names no series."""

CODINGS = (b"gzip", b"deflate", b"zstd")
"""Those to answer with; the first two are all that the protocol's own clients read."""

PATHS = (
    "GET /v2, /v2/health/live, /v2/health/ready, /v2/models/<model>[/versions/<version>][/ready or /config]; "
    "POST /v2/models/<model>[/versions/<version>]/infer, /v2/repository/index, /v2/repository/models/<model>/load, "
    "/v2/repository/models/<model>/unload"
)
MODEL = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(/infer|/ready|/config)?/?")
LACKING = re.compile(
    r"/v2/(models/stats|models/[^/]+(/versions/[^/]+)?/(stats|trace/setting|generate|generate_stream)|trace/setting|logging"
    r"|(system|cuda|xpu)sharedmemory/.*)/?"
)
"""Of Triton's extensions."""
CONTROL = re.compile(r"/v2/repository/models/([^/]+)/(load|unload)/?")


def speaks(path: str) -> bool:
    """Whether a path is the protocol's."""
    return path.startswith("/v2") and path[3:4] in ("", "/")


def operation_of(path: str) -> str | None:
    """The operation that a path runs, if any."""
    model = MODEL.fullmatch(path)
    operation = bundle_and_operation(unquote(model[1]))[1] if model and model[3] == INFER else None
    return operation.name if operation else None


class Rest:
    """The paths under /v2; all but those of health need the API key."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._inference = Inference(serving)
        self._models = self._inference.models

    async def answer(self, request: Request) -> Response:
        """What a request is answered. Raises a `SeriesmithError`."""
        path = request.path
        model = self._models.known(path)
        if model is not None:
            return await self._inferred(request, model.operation, lambda: model)
        if LACKING.fullmatch(path):
            self._authenticate(request)
            raise NotFound(
                f"{show(path, 80)} is of an extension that this server lacks; it has: {', '.join(EXTENSIONS)}."
            )
        if found := MODEL.fullmatch(path):
            name, version, what = unquote(found[1]), found[2] or "", found[3]
            operation = bundle_and_operation(name)[1] if what == INFER else None
            if operation is not None:
                return await self._inferred(request, operation, lambda: self._models.find(name, version, path))
            require(request, "POST" if what == INFER else "GET")
            self._authenticate(request)
            if what == CONFIG:
                return _json(self._models.find(name, version).config())
            metadata = self._models.metadata(name, version)
            return _json({"name": metadata["name"], "ready": True} if what else metadata)
        if path.startswith(HEALTH):
            require(request, "GET")
            return self._health(path.removeprefix(HEALTH).rstrip("/"))
        self._authenticate(request)
        if path.rstrip("/") == "/v2":
            require(request, "GET")
            return _json({"name": "seriesmith", "version": VERSION, "extensions": EXTENSIONS})
        if path.rstrip("/") == "/v2/repository/index":
            require(request, "POST")
            return _json(index(self._serving, (await self._control(request)).get("ready") is True))
        if found := CONTROL.fullmatch(path):
            require(request, "POST")
            parameters = bodies.parameters_of(await self._control(request))
            name = unquote(found[1])
            await (load(self._serving, name, parameters) if found[2] == "load" else unload(self._serving, name))
            return _json({})
        raise NotFound(f"there is no {path[:200]!r} here; there is: {PATHS}.")

    def _authenticate(self, request: Request) -> None:
        authenticate(self._serving.settings, request.headers.get(b"authorization", b""))

    def _health(self, what: str) -> Response:
        if what not in ("live", "ready"):
            raise NotFound(f"there is no {HEALTH}{what[:80]} here; there is: {HEALTH}live and {HEALTH}ready.")
        if what == "ready" and not self._serving.ready:
            raise Unavailable("no model is served, or the server is stopping.")
        return _json({"live": True} if what == "live" else {"live": True, "ready": True})

    async def _inferred(self, request: Request, operation: Operation, find: Callable[[], Model]) -> Response:
        headers, body = request.headers, request.body
        with metrics.Outcome(operation.name) as outcome:
            require(request, "POST")
            self._authenticate(request)
            self._serving.lane.require_room()
            model = find()
            outcome.model = model.manifest.name
            limit = self._serving.settings.max_body_bytes
            plain = await unpack(body, headers.get(b"content-encoding", b""), limit)
            length, bounds = headers.get(bodies.HEADER_LENGTH), self._inference.bounding.now()
            if len(plain) > LARGE_BYTES:
                asked = await unhurried(len(plain), lambda: bodies.asked(plain, length, bounds))
            else:
                asked = bodies.asked(plain, length, bounds)
            taken = await self._inference.run(model, asked.given, asked.outputs, in_seconds=True)
            size = size_of(taken)
            accepted = headers.get(b"accept-encoding", b"")
            if accepted or size > LARGE_BYTES:
                return await unhurried(size, lambda: _packed(bodies.response(model, asked, taken), accepted))
            return bodies.response(model, asked, taken)

    async def _control(self, request: Request) -> dict[str, Any]:
        """The JSON object in the body of a repository request, which may be empty."""
        body = await unpack(request.body, request.headers.get(b"content-encoding", b""), CONTROL_BYTES)
        if len(body) > CONTROL_BYTES:
            raise TooLarge(f"the body has {len(body)} bytes; a request of this kind may have {CONTROL_BYTES}.")
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
    more = (*response.more, (b"content-encoding", coding), (b"vary", b"accept-encoding"))
    return Response(packed(response.body, coding), response.media_type, 200, more)

"""Which path answers what; every failure becomes an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from models.errors import (
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    SeriesmithError,
)
from service import metrics, wires
from service.admission import REFUSAL_SECONDS, authentic, authenticate, in_time
from service.answers import Stream, columns_of
from service.http import cards
from service.http.codings import WORTH_BYTES, acceptable, packed, unpacked
from service.http.docs import docs_page, openapi
from service.http.exchange import JSON, ClientGone, Request, Response, Streamed, require
from service.inference.rest import Rest, operation_of, speaks
from service.operations import OPERATIONS, Operation
from service.operations.contract import StrictRequest
from service.pace import LARGE_BYTES, UNPACKED_TIMES, unhurried
from service.serving import Serving
from service.wires.wire import Wire

logger = logging.getLogger("bentoml.seriesmith")


HTML = b"text/html; charset=utf-8"


class Routes:
    """The paths of this server."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._inference = Rest(serving)

    async def answer(self, request: Request) -> Response | Streamed:
        """What a request is answered; never raises but when it is cancelled."""
        try:
            return await self._answered(request)
        except Overloaded as error:
            await asyncio.sleep(REFUSAL_SECONDS)
            return refused(error, request.path)
        except SeriesmithError as error:
            return refused(error, request.path)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return refused(SeriesmithError("the server failed; its log says why."), request.path)

    def named(self, path: str) -> str | None:
        """The operation that a path runs, if any."""
        return path[1:] if path[1:] in OPERATIONS else operation_of(path)

    def left(self, path: str) -> None:
        """Count a client who left in the middle of its body."""
        if (operation := self.named(path)) is not None:
            metrics.Outcome(operation).end(ClientGone())

    def failed(self, path: str, error: SeriesmithError) -> Response:
        """Answer, and count, a request whose body could not be read."""
        if (operation := self.named(path)) is not None:
            metrics.Outcome(operation).end(error)
        return refused(error, path)

    async def _answered(self, request: Request) -> Response | Streamed:
        """What our paths answer. Raises a `SeriesmithError`."""
        path = request.path
        operation = OPERATIONS.get(path[1:])
        if operation is not None:
            with metrics.Outcome(operation.name) as outcome:
                require(request, "POST")
                self.authenticate(request.headers)
                self.serving.lane.require_room()
                return await self._operated(operation, request, outcome)
        if speaks(path):
            return await self._inference.answer(request)
        if path in ("/docs", "/docs.json"):
            require(request, "GET")
            return Response(docs_page(), HTML) if path == "/docs" else Response(self._document(request.headers))
        if path == "/readyz":
            require(request, "GET")
            return self._readiness()
        if path == "/models" or path.startswith("/models/"):
            require(request, "GET")
            self.authenticate(request.headers)
            name = path.removeprefix("/models").strip("/")
            return Response(orjson.dumps(cards.card(self.serving, name) if name else cards.listing(self.serving)))
        known = ", ".join(f"POST /{name}" for name in OPERATIONS)
        raise NotFound(f"there is no {path[:200]!r} here; there is: {known}, GET /models, and /docs says more.")

    async def _operated(self, operation: Operation, request: Request, outcome: metrics.Outcome) -> Response | Streamed:
        headers = request.headers
        asked_in = wires.named(headers.get(b"content-type", JSON))
        answered_in = wires.accepted(headers.get(b"accept", b""), asked_in)
        parsed = await self._parsed(operation, request, asked_in)
        outcome.model = self.serving.resolve(parsed.model).bundle.manifest.name
        if operation.stream is not None and answered_in.streamed is not None:
            outcome.streaming = True
            stream = await in_time(self.serving, operation.stream(parsed, self.serving))
            return self._streamed(stream, answered_in, outcome)
        if answered_in.encoded is None:
            raise InvalidRequest(f"/{operation.name} is not answered chunk by chunk; accept application/json.")
        answer = await in_time(self.serving, operation.run(parsed, self.serving))
        accepted = headers.get(b"accept-encoding", b"") if answered_in.packs else b""
        size = len(request.body)
        if operation.stream is not None:
            size += sum(getattr(column, "nbytes", 0) for column in columns_of(answer).values())
        if size > LARGE_BYTES:
            return await unhurried(size, lambda: _response(answer, answered_in, accepted))
        return _response(answer, answered_in, accepted)

    async def _parsed(self, operation: Operation, request: Request, wire: Wire) -> StrictRequest:
        """The request in a body. Raises a `SeriesmithError`."""
        headers, body, decoded = request.headers, request.body, wire.decoded
        assert decoded is not None
        coding = headers.get(b"content-encoding")
        if coding is None and len(body) <= LARGE_BYTES:
            return operation.parsed(decoded(body, headers))
        limit = self.serving.settings.max_body_bytes
        return await unhurried(
            len(body) * UNPACKED_TIMES if coding else len(body),
            lambda: operation.parsed(decoded(unpacked(body, coding or b"", limit), headers)),
        )

    def _streamed(self, stream: Stream, wire: Wire, outcome: metrics.Outcome) -> Streamed:
        assert wire.streamed is not None
        headers, chunks = wire.streamed(stream)

        async def counted() -> AsyncGenerator[bytes, None]:
            try:
                while (chunk := await in_time(self.serving, anext(chunks, None))) is not None:
                    yield chunk
            except BaseException as error:
                outcome.end(error)
                raise
            outcome.end(None)

        def close() -> None:
            stream.close()
            outcome.end(ClientGone())  # unless it has ended already

        return Streamed(counted(), wire.media_type, headers, close)

    def _readiness(self) -> Response:
        if self.serving.ready:
            return Response(b"", b"text/plain; charset=utf-8")
        return Response(b"no model is served, or the server is stopping\n", b"text/plain; charset=utf-8", 503)

    def _document(self, headers: dict[bytes, bytes]) -> bytes:
        """The OpenAPI document; its examples tell of the models, so that they are for who may use these."""
        settings = self.serving.settings
        known = authentic(settings, headers.get(b"authorization", b""))
        return openapi(self.serving.repository if known else None, keyed=bool(settings.api_key))

    def authenticate(self, headers: dict[bytes, bytes]) -> None:
        """Raise `Unauthenticated` where a key is needed and missing or wrong."""
        authenticate(self.serving.settings, headers.get(b"authorization", b""))


def _response(answer: Any, wire: Wire, accepted: bytes) -> Response:
    """An answer over a wire, with a content coding where one is `accepted` and worth it."""
    assert wire.encoded is not None
    body, more = wire.encoded(answer)
    if accepted and len(body) >= WORTH_BYTES and (coding := acceptable(accepted)) is not None:
        body, more = packed(body, coding), (*more, (b"content-encoding", coding), (b"vary", b"accept-encoding"))
    return Response(body, wire.media_type, 200, more)


def refused(error: SeriesmithError, path: str = "") -> Response:
    """An error in the one shape that errors have; under /v2 in the one that its protocol has."""
    said: object = error.message
    if not speaks(path):
        said = {"code": error.code, "message": error.message} | ({"field": error.field} if error.field else {})
    more = {401: (b"www-authenticate", b"Bearer"), 429: (b"retry-after", b"1")}.get(error.http_status)
    if isinstance(error, MethodNotAllowed):
        more = (b"allow", error.allow.encode())
    return Response(orjson.dumps({"error": said}), JSON, error.http_status, (more,) if more else ())

"""The table of paths and the handlers of ours; every failure becomes an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from math import ceil
from typing import Any

import orjson

from bundle.errors import (
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    SeriesmithError,
    Unauthenticated,
    Unavailable,
)
from service import metrics, wires
from service.admission import REFUSAL_SECONDS, admit, finish_in_time, require_managing
from service.answers import StreamedAnswer, collect_columns
from service.bounds import Bounding
from service.exposition import MEDIA_TYPE, render_metrics
from service.http import cards
from service.http.bentoml_settings import BentomlSettings
from service.http.codings import WORTH_BYTES, choose_answer_coding, pack, unpack
from service.http.docs import build_openapi, read_docs_page
from service.http.exchange import JSON, ClientGone, Headers, Request, Response, Streamed
from service.http.mounting import mount
from service.http.observing import find_request_id
from service.http.pages import HTML, build_page
from service.http.table import SMALL_BYTES, Match, Route
from service.inference.rest import Rest, speaks
from service.observing.record import Record, mark, note_error
from service.observing.request_id import NAME as REQUEST_ID
from service.operations import OPERATIONS, Operation
from service.operations.contract import StrictRequest
from service.pace import LARGE_BYTES, run_unhurried
from service.room import Room
from service.serving import Serving
from service.wires.wire import Wire

logger = logging.getLogger("bentoml.seriesmith")


TEXT = b"text/plain; charset=utf-8"

BENTOML_PATHS = ("/livez", "/healthz", "/schema.json", "/static_content/{path*}")
"""Answered by BentoML."""

VARY = (b"vary", b"accept, accept-encoding")
"""What an operation's answer depends on, beside its request."""


class Routes:
    """The paths of this server."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._bounding = Bounding(serving)
        self.bentoml = BentomlSettings()
        limit = serving.settings.max_body_bytes
        small = min(limit, SMALL_BYTES)
        self.table = mount(
            serving,
            [
                *[self._make_row(operation, limit) for operation in OPERATIONS.values()],
                Route("/models", ("GET",), self._list_models, "use", small),
                Route("/models/{name*}", ("GET",), self._list_models, "use", small),
                Route("/readyz", ("GET",), self._tell_readiness, None, small),
                build_page("/docs", read_docs_page(), HTML, "use"),
                Route("/docs.json", ("GET",), self._show_openapi, "use", small, page=True),
                Route("*", ("OPTIONS",), _list_methods, None, small),
                *Rest(serving).make_rows(limit, small),
                Route("/metrics", ("GET",), self._show_metrics, "metrics", small),
                *[Route(path, ("GET",), None, None, small) for path in BENTOML_PATHS],
            ],
        )

    def _make_row(self, operation: Operation, limit: int) -> Route:
        async def run(request: Request) -> Response | Streamed:
            with metrics.Outcome(operation.name) as outcome:
                admit(self.serving, request.headers.get(b"authorization", b""), outcome)
                mark("admission")
                return await self._operate(operation, request, outcome)

        return Route(f"/{operation.name}", ("POST",), run, "use", limit, lambda: operation.name)

    def admit(self, method: str, path: str, headers: dict[bytes, bytes]) -> Match:
        """Check a request by its head, before its body is read, and return its row. Raises a `SeriesmithError`."""
        if self.bentoml.cors is not None and method == "OPTIONS":
            preflight = self.bentoml.cors.answer_preflight(method, headers)
            if preflight is not None:
                return Match(Route(path, (), _return_always(preflight)))
        match = self.table.find(path)
        if match is None:
            known = ", ".join(f"POST /{name}" for name in OPERATIONS)
            raise NotFound(f"there is no {path[:200]!r} here; there is: {known}, GET /models, and /docs says more.")
        if method not in match.route.methods:
            match.route.require_method(method, path)
        role, identity = match.route.role, self.serving.identity
        if role is not None and identity.needs_key:
            authorization = headers.get(b"authorization", b"")
            identify = identity.identify_reader if match.route.page else identity.identify
            try:
                identify(authorization).require(role)
            except Unauthenticated as error:
                error.as_password = match.route.page
                raise
        if role == "manage":
            require_managing(self.serving.settings)
            require_same_origin(headers)
        if match.route.require is not None:
            match.route.require(method, headers)
        if match.route.content_types:
            match.route.require_content_type(headers, path)
        return match

    async def answer(self, match: Match, request: Request) -> Response | Streamed:
        """Answer an admitted request; errors become answers, and only a cancellation is raised."""
        assert match.route.handler is not None, "BentoML answers it"
        try:
            return await match.route.handler(request, *match.groups)
        except Overloaded as error:
            await asyncio.sleep(REFUSAL_SECONDS)
            return build_refusal(error, request.path)
        except SeriesmithError as error:
            return build_refusal(error, request.path)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return build_refusal(SeriesmithError("the server failed; its log says why."), request.path)

    def add_headers(self, response: Response | Streamed, headers: dict[bytes, bytes], record: Record | None) -> None:
        """Add what any answer may have: the request's id, and what lets pages of other origins read it."""
        if request_id := find_request_id(headers, record):
            response.more = (*response.more, (REQUEST_ID, request_id))
        if self.bentoml.cors is not None:
            response.more = self.bentoml.cors.add_to(response.more, headers)

    def count_leaving(self, path: str) -> None:
        """Count a client who left in the middle of its body."""
        self._count(path, ClientGone())

    def answer_failure(self, path: str, error: SeriesmithError) -> Response:
        """Answer and count a request that was not admitted, or whose body could not be read."""
        self._count(path, error)
        return build_refusal(error, path)

    def _count(self, path: str, error: Exception) -> None:
        match = self.table.find(path)
        if match is not None and (operation := match.operation) is not None:
            metrics.Outcome(operation).end(error)
        elif match is not None and match.route.count is not None:
            match.route.count(error)

    async def _list_models(self, request: Request, name: str = "") -> Response:
        name = name.strip("/")
        return Response(orjson.dumps(cards.build_card(self.serving, name) if name else cards.list_cards(self.serving)))

    async def _operate(self, operation: Operation, request: Request, outcome: metrics.Outcome) -> Response | Streamed:
        headers = request.headers
        asked_in = wires.find_wire(headers.get(b"content-type", JSON))
        answered_in = wires.choose_wire(headers.get(b"accept", b""), asked_in)
        if len(request.body) > LARGE_BYTES or b"content-encoding" in headers:
            parsed = await self._parse(operation, request, asked_in)
        else:
            assert asked_in.decoded is not None
            parsed = operation.parse(asked_in.decoded(request.body, headers, self._bounding.get_bounds()))
        outcome.model = self.serving.resolve(parsed.model).bundle.manifest.name
        mark("decode")
        with Room(self.serving.bytes, answered_in.written, len(request.body)) as room:
            if operation.stream is not None and answered_in.streamed is not None:
                outcome.streaming = True
                stream = await finish_in_time(self.serving, operation.stream(parsed, self.serving, room))
                return self._stream(stream, answered_in, outcome, room.hand_over())
            if answered_in.encoded is None:
                raise InvalidRequest(f"/{operation.name} is not answered chunk by chunk; accept application/json.")
            answer = await finish_in_time(self.serving, operation.run(parsed, self.serving, room))
            mark("compute")
            accepted = headers.get(b"accept-encoding", b"") if answered_in.packs else b""
            size = len(request.body)
            if operation.stream is not None:
                size += sum(getattr(column, "nbytes", 0) for column in collect_columns(answer).values())
            if size > LARGE_BYTES:
                return await run_unhurried(size, lambda: _build_response(answer, answered_in, accepted))
            return _build_response(answer, answered_in, accepted)

    async def _parse(self, operation: Operation, request: Request, wire: Wire) -> StrictRequest:
        """The request in a body that is large, or has a content coding. Raises a `SeriesmithError`."""
        headers, plain, decoded = request.headers, request.body, wire.decoded
        assert decoded is not None
        coding = headers.get(b"content-encoding")
        if coding:
            plain = await unpack(plain, coding, self.serving.settings.max_body_bytes)
        bounds = self._bounding.get_bounds()
        return await run_unhurried(len(plain), lambda: operation.parse(decoded(plain, headers, bounds)))

    def _stream(self, stream: StreamedAnswer, wire: Wire, outcome: metrics.Outcome, room: Room) -> Streamed:
        assert wire.streamed is not None
        headers, chunks = wire.streamed(stream)

        async def count_parts() -> AsyncGenerator[bytes, None]:
            try:
                while (chunk := await finish_in_time(self.serving, anext(chunks, None))) is not None:
                    yield chunk
            except BaseException as error:
                outcome.end(error)
                raise
            outcome.end(None)

        def close() -> None:
            stream.close()
            room.close()
            outcome.end(ClientGone())  # unless it has ended already

        return Streamed(count_parts(), wire.media_type, (*headers, VARY), close)

    async def _show_openapi(self, request: Request) -> Response:
        mounted = tuple(described for row in self.table.rows for described in row.described)
        return Response(build_openapi(self.serving.repository, self.serving.identity.needs_key, mounted))

    async def _show_metrics(self, request: Request) -> Response:
        return Response(await render_metrics(self.serving.numbers, self.bentoml.namespace), MEDIA_TYPE)

    async def _tell_readiness(self, request: Request) -> Response:
        if self.serving.ready:
            return Response(b"", TEXT)
        return Response(f"{self.serving.why_not_ready}\n".encode(), TEXT, 503)


def _return_always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        return response

    return respond


async def _list_methods(request: Request) -> Response:
    return Response(b"", TEXT, 200, ((b"allow", b"GET, HEAD, POST, OPTIONS"),))


def _build_response(answer: Any, wire: Wire, accepted: bytes) -> Response:
    """Write an answer over a wire, with a content coding where one is `accepted` and saves bytes."""
    assert wire.encoded is not None
    body, more = wire.encoded(answer)
    if accepted and len(body) >= WORTH_BYTES and (coding := choose_answer_coding(accepted)) is not None:
        body, more = pack(body, coding), (*more, (b"content-encoding", coding))
    return Response(body, wire.media_type, 200, (*more, VARY))


def build_refusal(error: SeriesmithError, path: str = "") -> Response:
    """Write an error in our one shape; under /v2 in the shape of that protocol."""
    note_error(error)
    said: object = error.message
    if not speaks(path):
        said = {"code": error.code, "message": error.message} | ({"field": error.field} if error.field else {})
    return Response(orjson.dumps({"error": said}), JSON, error.http_status, _explain(error))


def _explain(error: SeriesmithError) -> Headers:
    """Return the headers that belong to a refusal: Retry-After, Allow or WWW-Authenticate."""
    if isinstance(error, MethodNotAllowed):
        return ((b"allow", error.allow.encode()),)
    if isinstance(error, Unauthenticated):
        return ((b"www-authenticate", b'Bearer, Basic realm="Seriesmith"' if error.as_password else b"Bearer"),)
    if isinstance(error, (Overloaded, Unavailable)):
        return ((b"retry-after", b"%d" % ceil(getattr(error, "retry_after", 1.0))),)
    return ()


def require_same_origin(headers: dict[bytes, bytes]) -> None:
    """Raise `Forbidden` for a request that a browser sends for a page of another origin."""
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    if origin is not None and origin.partition(b"://")[2].lower() != host.lower():
        raise Forbidden("models are not managed by web pages of other origins; send the request from a program.")

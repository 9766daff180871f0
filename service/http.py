"""HTTP: bytes to requests and answers to bytes, for every operation alike."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from models.errors import (
    DeadlineExceeded,
    MethodNotAllowed,
    NotFound,
    SeriesmithError,
    Unauthenticated,
)
from service import cards, metrics
from service.body import JSON, ClientGone, Message, Receive, decoded, read
from service.docs import docs_page, openapi
from service.operations import OPERATIONS, Operation
from service.serving import Serving

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger("bentoml.seriesmith")

BENTOML_PATHS = {"/livez", "/healthz", "/readyz", "/metrics", "/schema.json"}
BENTOML_FOLDERS = ("/static_content/",)
Result = TypeVar("Result")

LARGE_BYTES = 2**20
"""JSON beyond this takes milliseconds to read or write."""

HTML = b"text/html; charset=utf-8"


@dataclass(frozen=True)
class Response:
    """Body, media type, status and further headers."""

    body: bytes
    media_type: bytes = JSON
    status: int = 200
    more: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """As ASGI sends them."""
        length = str(len(self.body)).encode()
        return [(b"content-type", self.media_type), (b"content-length", length), *self.more]


class HttpApplication:
    """Answers our paths; leaves BentoML its own; anything else is a cheap 404."""

    def __init__(self, serving: Serving, bentoml: Application) -> None:
        self._serving, self._bentoml = serving, bentoml

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._bentoml(scope, receive, send)
        path = scope["path"]
        if path in BENTOML_PATHS or path.startswith(BENTOML_FOLDERS):
            return await self._bentoml(scope, receive, send)
        try:
            response = await self._response(scope, receive)
        except ClientGone:
            return None
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        return await send({"type": "http.response.body", "body": body})

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        method, path = scope["method"], scope["path"]
        try:
            return await self._answered(method, path, dict(scope["headers"]), receive)
        except ClientGone:
            raise
        except SeriesmithError as error:
            return refused(error)
        except Exception:
            logger.exception("%s %s failed", method, path)
            return refused(SeriesmithError("the server failed; its log says why."))

    async def _answered(self, method: str, path: str, headers: dict[bytes, bytes], receive: Receive) -> Response:
        """What our paths answer. Raises a `SeriesmithError`."""
        operation = OPERATIONS.get(path[1:])
        if operation is not None:
            _require(method, "POST", path)
            with metrics.counted(operation.name) as outcome:
                self._authenticate(headers)
                body = await read(headers, receive, self._serving.settings.max_body_bytes)
                return Response(await self._operated(operation, body, outcome))
        if path in ("/docs", "/docs.json"):
            _require(method, "GET", path)
            return Response(docs_page(), HTML) if path == "/docs" else Response(openapi())
        if path == "/models" or path.startswith("/models/"):
            _require(method, "GET", path)
            self._authenticate(headers)
            name = path.removeprefix("/models").strip("/")
            found = cards.card(self._serving, name) if name else cards.listing(self._serving)
            return Response(orjson.dumps(found))
        known = ", ".join(f"POST /{name}" for name in OPERATIONS)
        raise NotFound(f"there is no {path[:200]!r} here; there is: {known}, GET /models, and /docs says more.")

    async def _operated(self, operation: Operation, body: bytes, outcome: metrics.Outcome) -> bytes:
        request = await _unhurried(len(body), lambda: operation.parsed(decoded(body)))
        manifest = self._serving.resolve(request.model).bundle.manifest
        outcome.model = manifest.name
        seconds = self._serving.settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                answer = await operation.run(request, self._serving)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"the answer was not ready within {seconds:g} s; send fewer series, "
                "or raise SERIESMITH_TIMEOUT_SECONDS."
            ) from error
        size = sum(getattr(value, "nbytes", 0) for value in vars(answer).values())
        return await _unhurried(size, lambda: encoded(answer))

    def _authenticate(self, headers: dict[bytes, bytes]) -> None:
        key = self._serving.settings.api_key
        if key and not hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {key}".encode()):
            raise Unauthenticated("this server needs the header 'Authorization: Bearer <API key>'.")


async def _unhurried(n_bytes: int, work: Callable[[], Result]) -> Result:
    """Do what is large beside the event loop, so that small requests go on meanwhile."""
    return await asyncio.to_thread(work) if n_bytes > LARGE_BYTES else work()


def encoded(answer: Any) -> bytes:
    """An operation's answer as JSON; fields that are None are left out."""
    fields = {name: value for name, value in vars(answer).items() if value is not None}
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY)


def _require(method: str, allowed: str, path: str) -> None:
    if method != allowed and not (allowed == "GET" and method == "HEAD"):
        raise MethodNotAllowed(f"{path} answers {allowed}, not {method}.", allowed)


def refused(error: SeriesmithError) -> Response:
    """An error in the one shape that errors have."""
    said = {"code": error.code, "message": error.message}
    if error.field is not None:
        said["field"] = error.field
    more = {401: (b"www-authenticate", b"Bearer"), 429: (b"retry-after", b"1")}.get(error.http_status)
    if isinstance(error, MethodNotAllowed):
        more = (b"allow", error.allow.encode())
    return Response(orjson.dumps({"error": said}), JSON, error.http_status, (more,) if more else ())

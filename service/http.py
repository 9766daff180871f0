"""HTTP: bytes to requests and answers to bytes, for every operation alike."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from models.errors import (
    DeadlineExceeded,
    MethodNotAllowed,
    NotFound,
    SeriesmithError,
    Unauthenticated,
)
from service import cards, metrics
from service.body import ClientGone, Message, Receive, decoded, read
from service.docs import docs_page, openapi
from service.operations import OPERATIONS, Operation
from service.serving import Serving

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger("bentoml.seriesmith")

BENTOML_PATHS = {"/livez", "/healthz", "/readyz", "/metrics", "/schema.json"}
BENTOML_FOLDERS = ("/static_content/",)
JSON = b"application/json"


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
        headers = dict(scope["headers"])
        try:
            status, media_type, body, more = 200, *await self._answered(scope["method"], path, headers, receive), []
        except ClientGone:
            return None
        except SeriesmithError as error:
            status, media_type, body, more = error.http_status, JSON, _error_body(error), _error_headers(error)
        except Exception:
            logger.exception("%s %s failed", scope["method"], path)
            error = SeriesmithError("the server failed; its log says why.")
            status, media_type, body, more = 500, JSON, _error_body(error), []
        length = str(len(body)).encode()
        head = [(b"content-type", media_type), (b"content-length", length), *more]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answered(
        self, method: str, path: str, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[bytes, bytes]:
        """Media type and body. Raises a `SeriesmithError`."""
        operation = OPERATIONS.get(path[1:])
        if operation is not None:
            _require(method, "POST", path)
            with metrics.counted(operation.name) as outcome:
                self._authenticate(headers)
                body = await read(headers, receive, self._serving.settings.max_body_bytes)
                return JSON, await self._operated(operation, body, outcome)
        if path in ("/docs", "/docs.json"):
            _require(method, "GET", path)
            return (b"text/html; charset=utf-8", docs_page()) if path == "/docs" else (JSON, openapi())
        if path == "/models" or path.startswith("/models/"):
            _require(method, "GET", path)
            self._authenticate(headers)
            name = path.removeprefix("/models").strip("/")
            return JSON, orjson.dumps(cards.card(self._serving, name) if name else cards.listing(self._serving))
        known = ", ".join(f"POST /{name}" for name in OPERATIONS)
        raise NotFound(f"there is no {path[:200]!r} here; there is: {known}, GET /models, and /docs says more.")

    async def _operated(self, operation: Operation, body: bytes, outcome: metrics.Outcome) -> bytes:
        request = operation.parsed(decoded(body))
        manifest = self._serving.resolve(request.model).bundle.manifest
        outcome.model = manifest.name
        seconds = self._serving.settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                answer = await operation.run(request, self._serving)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"the answer was not ready within {seconds:g} s; send fewer series, or raise SERIESMITH_TIMEOUT_SECONDS."
            ) from error
        return encoded(answer)

    def _authenticate(self, headers: dict[bytes, bytes]) -> None:
        key = self._serving.settings.api_key
        if key and not hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {key}".encode()):
            raise Unauthenticated("this server needs the header 'Authorization: Bearer <API key>'.")


def encoded(answer: Any) -> bytes:
    """An operation's answer as JSON; fields that are None are left out."""
    fields = {name: value for name, value in vars(answer).items() if value is not None}
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY)


def _require(method: str, allowed: str, path: str) -> None:
    if method != allowed and not (allowed == "GET" and method == "HEAD"):
        raise MethodNotAllowed(f"{path} answers {allowed}, not {method}.", allowed)


def _error_body(error: SeriesmithError) -> bytes:
    said = {"code": error.code, "message": error.message}
    if error.field is not None:
        said["field"] = error.field
    return orjson.dumps({"error": said})


def _error_headers(error: SeriesmithError) -> list[tuple[bytes, bytes]]:
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", error.allow.encode())]
    return {401: [(b"www-authenticate", b"Bearer")], 429: [(b"retry-after", b"1")]}.get(error.http_status, [])

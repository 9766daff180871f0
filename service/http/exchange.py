"""A request that has been read, and what answers it, free of any server's ways."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from models.errors import MethodNotAllowed

Headers = tuple[tuple[bytes, bytes], ...]
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON = b"application/json"


class ClientGone(ConnectionError):
    """The client closed the connection before its request was whole."""


@dataclass(slots=True)
class Request:
    """Method, path, headers by lower-case name, and the body as it came."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(slots=True)
class Response:
    """Body, media type, status and further headers."""

    body: bytes
    media_type: bytes = JSON
    status: int = 200
    more: Headers = ()


@dataclass(slots=True)
class Streamed:
    """A body that is still being made. `close` ends its work, whether or not all was sent."""

    chunks: AsyncGenerator[bytes, None]
    media_type: bytes
    more: Headers
    close: Callable[[], None]


def require(request: Request, allowed: str) -> None:
    """Raise `MethodNotAllowed` for another method than the one allowed."""
    if request.method != allowed and not (allowed == "GET" and request.method == "HEAD"):
        raise MethodNotAllowed(f"{request.path} answers {allowed}, not {request.method}.", allowed)

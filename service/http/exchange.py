"""A request that has been read, and its response, independent of the server that carries them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, BinaryIO

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
    """Method, path, headers by lower-case name, and the body as it came; or `file`, where the route has a spool.

    `query` is what follows the path's question mark.
    """

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes
    query: bytes = b""
    file: BinaryIO | None = None


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

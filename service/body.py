"""A request's body: read within its limits, decoded, or refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from models.errors import InvalidRequest, TooLarge, UnsupportedMediaType

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
JSON = b"application/json"


class ClientGone(ConnectionError):
    """The client closed the connection before its request was whole."""


def decoded(body: bytes) -> Any:
    """The JSON value in a body. Raises `InvalidRequest`."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the body is not valid JSON: {error}. Send one whole JSON object; NaN and Infinity are not JSON."
        ) from error


async def read(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The request's body. Raises `TooLarge` before it is read whole, and `ClientGone`."""
    media_type = headers.get(b"content-type", JSON).split(b";")[0].strip().lower()
    if media_type != JSON:
        raise UnsupportedMediaType(f"the body is {media_type.decode('latin-1')!r}; send application/json.")
    encoding = headers.get(b"content-encoding", b"identity").lower()
    if encoding != b"identity":
        raise UnsupportedMediaType(f"the body is encoded with {encoding.decode('latin-1')!r}; send it as it is.")
    declared = headers.get(b"content-length", b"0")
    too_large = TooLarge(f"the body is larger than {limit} bytes; send several requests.")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)

"""A request's body, read within its limit."""

from __future__ import annotations

from io import BytesIO

from bundle.errors import TooLarge
from service.http.exchange import ClientGone, Receive


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Receive the request's body. Raises `TooLarge` before it is read whole, and `ClientGone`."""
    declared = headers.get(b"content-length", b"0")
    too_large = TooLarge(f"the body is larger than {limit} bytes; send several requests.")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    whole, size = BytesIO(), 0  # which hands over what it holds without a copy
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large
        if not size - len(part) and not message.get("more_body"):
            return bytes(part)
        whole.write(part)
        if not message.get("more_body"):
            return whole.getvalue()

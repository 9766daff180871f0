"""A request's body, read within its limit: into memory, or into a temporary file where its route says so."""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import BinaryIO, cast

from bundle.errors import TooLarge, Unavailable
from service.http.exchange import ClientGone, Receive


class SpooledBody:
    """A body in a temporary file, which is gone once nobody holds it."""

    def __init__(self) -> None:
        self._file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (it outlives this call)

    @classmethod
    def of(cls, body: bytes) -> SpooledBody:
        """Spool a body that is there. Raises `Unavailable`."""
        spooled = cls()
        spooled.write(body)
        return spooled

    def write(self, piece: bytes) -> None:
        """Append a piece. Raises `Unavailable` where the disk takes no more."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise Unavailable(f"the server cannot keep the body ({error.strerror}); try again later.") from error

    def open(self) -> BinaryIO:
        """Return the file, from its start."""
        self._file.seek(0)
        return self._file


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Receive the request's body. Raises `TooLarge` before it is read whole, and `ClientGone`."""
    _require_declared(headers, limit)
    whole, size = BytesIO(), 0  # which hands over what it holds without a copy
    while True:
        part, more = await _receive_part(receive)
        size += len(part)
        if size > limit:
            raise explain_too_large(limit)
        if not size - len(part) and not more:
            return part
        whole.write(part)
        if not more:
            return whole.getvalue()


async def spool_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> SpooledBody:
    """Receive the request's body into a file. Raises `TooLarge`, `Unavailable` and `ClientGone`."""
    _require_declared(headers, limit)
    spooled, size, more = SpooledBody(), 0, True
    while more:
        part, more = await _receive_part(receive)
        size += len(part)
        if size > limit:
            raise explain_too_large(limit)
        spooled.write(part)
    return spooled


def explain_too_large(limit: int) -> TooLarge:
    """Return the refusal of a body of more than `limit` bytes."""
    return TooLarge(f"the body is larger than {limit} bytes; send several requests.")


def _require_declared(headers: dict[bytes, bytes], limit: int) -> None:
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise explain_too_large(limit)


async def _receive_part(receive: Receive) -> tuple[bytes, bool]:
    """Receive a part of a body, and whether more follows. Raises `ClientGone`."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return bytes(message.get("body", b"")), bool(message.get("more_body"))

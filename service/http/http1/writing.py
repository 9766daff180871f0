"""Writes answers as bytes of HTTP/1.1."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from service.http.exchange import Response

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

CLOSE = b"\r\nconnection: close\r\n\r\n"
KEEP = b"\r\nconnection: keep-alive\r\n\r\n"
PLAIN = b"\r\n\r\n"


def write_response(response: Response, dated: bytes, ending: bytes, bodiless: bool) -> bytes:
    """Write a whole answer. `dated`: lines that all answers have; `ending`: ends the head; `bodiless`: to HEAD."""
    parts = [STATUS_LINES[response.status], dated, b"content-type: ", response.media_type]
    for name, value in response.more:
        parts += b"\r\n", name, b": ", value
    parts += b"\r\ncontent-length: ", b"%d" % len(response.body), ending
    if not bodiless:
        parts.append(response.body)
    return b"".join(parts)


def write_head(status: int, headers: Iterable[tuple[bytes, bytes]], dated: bytes, ending: bytes) -> bytes:
    """Write the head of an answer whose body follows."""
    lines = b"\r\n".join([name + b": " + value for name, value in headers])
    line = STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return line + dated + (lines + ending if lines else ending[2:])


def write_chunk(data: bytes) -> bytes:
    """Write one chunk of a body; `data` is not empty."""
    return b"%x\r\n%b\r\n" % (len(data), data)

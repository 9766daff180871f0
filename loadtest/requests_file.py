"""Prebuilt requests in one file, for clients that only rotate through them: 4 bytes of length, then the bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from loadtest.wire import Message, Wire

LENGTH = struct.Struct("<I")


def write(path: Path, requests: Iterable[bytes]) -> None:
    """One after the other."""
    path.write_bytes(b"".join(LENGTH.pack(len(request)) + request for request in requests))


def read(path: Path) -> Iterator[bytes]:
    """As they were written."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        (length,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size
        yield data[at : at + length]
        at += length


def encode_sent(wire: Wire, message: Message, port: int) -> bytes:
    """What goes over the connection: a whole HTTP/1.1 request, or the message of a gRPC call."""
    if wire.grpc:
        return message.body
    return encode_http_request("POST", wire.path, message, port)


def encode_http_request(method: str, path: str, message: Message, port: int) -> bytes:
    """A whole HTTP/1.1 request."""
    headers = {"host": f"127.0.0.1:{port}", "content-length": str(len(message.body)), **message.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + message.body

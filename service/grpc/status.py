"""How a call ends: the status of gRPC, with what a program can read of an error."""

from __future__ import annotations

import grpc

from models.errors import Overloaded, SeriesmithError
from service.grpc.asked import percent_encoded
from service.grpc.http2.hpack import encoded

OK = encoded([(b"grpc-status", b"0")])

LONGEST_MESSAGE = 2000
"""Bytes of a message; clients refuse trailers of 8 KiB, and a byte may need three characters there."""

_CODES = {code.name: b"%d" % code.value[0] for code in grpc.StatusCode}


def trailers(error: SeriesmithError) -> bytes:
    """The block of headers that ends a call with `error`."""
    message = error.message.encode()
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE].decode(errors="ignore").encode() + " …".encode()
    headers = [
        (b"grpc-status", _CODES[error.grpc_code]),
        (b"grpc-message", percent_encoded(message)),
        (b"seriesmith-code", error.code.encode()),
    ]
    if error.field is not None:
        headers.append((b"seriesmith-field", percent_encoded(error.field[:200].encode())))
    if isinstance(error, Overloaded):
        headers.append((b"retry-after", b"1"))
    return encoded(headers)

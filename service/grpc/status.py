"""Writes the end of a call: the gRPC status, and the error in metadata that programs can read."""

from __future__ import annotations

from math import ceil

import grpc

from bundle.errors import Overloaded, SeriesmithError
from service.grpc.asked import percent_encode
from service.grpc.http2.hpack import Header, encode

OK = encode([(b"grpc-status", b"0")])

LONGEST_MESSAGE = 2000
"""Bytes of a message; clients refuse trailers of 8 KiB, and a byte may need three characters there."""

_CODES = {code.name: b"%d" % code.value[0] for code in grpc.StatusCode}


def encode_trailers(error: SeriesmithError) -> bytes:
    """Encode the block of headers that ends a call with `error`."""
    return encode(
        [
            (b"grpc-status", _CODES[error.grpc_code]),
            (b"grpc-message", percent_encode(shorten_message(error).encode())),
            *build_metadata(error),
        ]
    )


def shorten_message(error: SeriesmithError) -> str:
    """Return the error's message, shortened to what a client accepts."""
    message = error.message.encode()
    if len(message) <= LONGEST_MESSAGE:
        return error.message
    return message[:LONGEST_MESSAGE].decode(errors="ignore") + " …"


def build_metadata(error: SeriesmithError) -> list[Header]:
    """Return the code, field and retry-after of an error as metadata."""
    read = [(b"seriesmith-code", error.code.encode())]
    if error.field is not None:
        read.append((b"seriesmith-field", percent_encode(error.field[:200].encode())))
    if isinstance(error, Overloaded):
        read.append((b"retry-after", b"%d" % ceil(error.retry_after)))
    return read

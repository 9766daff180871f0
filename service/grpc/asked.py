"""Reads the headers of a call, and makes the refusal of a call that they rule out."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from service.grpc.http2.hpack import Header, encode
from service.observing.record import Arrival
from service.observing.request_id import NAME as REQUEST_ID
from service.observing.request_id import read_request_id

HEAD = encode(
    [(b":status", b"200"), (b"content-type", b"application/grpc"), (b"grpc-accept-encoding", b"gzip,deflate")]
)
"""Before every answer."""

CONTENT_TYPE = re.compile(rb"application/grpc(\+proto|)\s*(;.*)?", re.IGNORECASE)

CODINGS = (b"identity", b"gzip", b"deflate")

UNIMPLEMENTED, INTERNAL = b"12", b"13"
"""The second for a timeout that is none, as grpc-core and grpc-go answer it."""

REFUSED = {UNIMPLEMENTED: "UNIMPLEMENTED", INTERNAL: "INTERNAL"}

UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}


@dataclass(frozen=True, slots=True)
class Method:
    """One of three functions: `whole` makes one answer from one message, `parts` several, `each` answers every message.

    Or none, where this server `lacks` it, which says so. `needs_key`: whether it hears nothing of who has no key; the
    method itself still refuses them.
    """

    whole: Callable[[bytes, Asked], Awaitable[bytes]] | None = None
    parts: Callable[[bytes, Asked], AsyncGenerator[bytes, None]] | None = None
    each: Callable[[bytes], Iterable[bytes]] | None = None
    needs_key: bool = False
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: its method, the key that came with it, the seconds it may take, and how its packed messages are packed.

    `refusal` is the answer where there can be no other, and `refused` the status in it. `head` goes before any other
    answer. The rest of its metadata is for the log and for traces.
    """

    method: Method
    authorization: bytes = b""
    seconds: float | None = None
    packing: bytes = b"identity"
    refusal: bytes | None = None
    refused: str = ""
    head: bytes = HEAD
    path: str = ""
    request_id: bytes = b""
    forwarded: bytes = b""
    traceparent: bytes = b""
    tracestate: bytes = b""

    def arrive(self, client: str) -> Arrival:
        """Return the call as one that arrives now from `client`."""
        return Arrival(
            "grpc",
            "POST",
            self.path,
            client,
            time.perf_counter(),
            self.request_id,
            self.authorization,
            self.forwarded,
            self.traceparent,
            self.tracestate,
        )


def read_call(headers: list[Header], methods: Mapping[bytes, Method]) -> Asked:
    """A call of one of `methods`, which are known by their paths."""
    given = dict(headers)
    asked = _read_metadata(given)
    path = given.get(b":path", b"")
    if given.get(b":method") != b"POST" or not CONTENT_TYPE.fullmatch(given.get(b"content-type", b"")):
        block = encode([(b":status", b"415"), (b"accept", b"application/grpc")])
        return replace(asked, refusal=block, refused="UNKNOWN")
    method = methods.get(path)
    if method is None or method.lacks:
        lacks = method.lacks if method else f"there is no method {path[:200].decode('latin-1')!r} here."
        return _refuse(asked, UNIMPLEMENTED, lacks)
    packing = given.get(b"grpc-encoding", b"identity")
    if packing not in CODINGS:
        return _refuse(asked, UNIMPLEMENTED, "messages may be packed with gzip or deflate, or not at all.")
    timeout = given.get(b"grpc-timeout")
    seconds = None if timeout is None else _parse_seconds(timeout)
    if seconds is None and timeout is not None:
        said = f"grpc-timeout is {timeout[:40].decode('latin-1')!r}; send at most 8 digits and one of H, M, S, m, u, n."
        return _refuse(asked, INTERNAL, said)
    return replace(asked, method=method, seconds=seconds, packing=packing)


def _read_metadata(given: Mapping[bytes, bytes]) -> Asked:
    """Return what any call says of itself, whether it can be answered or not."""
    request_id = read_request_id(given.get(REQUEST_ID))
    return Asked(
        Method(),
        given.get(b"authorization", b""),
        head=build_head(request_id),
        path=given.get(b":path", b"").decode("latin-1"),
        request_id=request_id,
        forwarded=given.get(b"x-forwarded-for", b""),
        traceparent=given.get(b"traceparent", b""),
        tracestate=given.get(b"tracestate", b""),
    )


def build_head(request_id: bytes) -> bytes:
    """Return the block of headers before an answer, with the call's id where it has one."""
    return HEAD + encode([(REQUEST_ID, request_id)]) if request_id else HEAD


def _parse_seconds(timeout: bytes) -> float | None:
    parts = re.fullmatch(rb"(\d{1,8})([HMSmun])", timeout)
    return int(parts[1]) * UNITS[parts[2]] if parts else None


def _refuse(asked: Asked, status: bytes, message: str) -> Asked:
    trailers = encode([(b"grpc-status", status), (b"grpc-message", percent_encode(message.encode()))])
    return replace(asked, refusal=asked.head + trailers, refused=REFUSED[status])


def percent_encode(text: bytes) -> bytes:
    """Text as a header holds it."""
    return re.sub(rb"[^ -$&-~]", lambda byte: b"%%%02X" % byte[0][0], text)

"""The rules for header fields of requests (RFC 9113, sections 8.1 to 8.3)."""

from __future__ import annotations

import re

from service.grpc.http2.frames import PROTOCOL_ERROR, Fault
from service.grpc.http2.hpack import Header

NAME = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
VALUE = re.compile(rb"(?![ \t])[^\0\r\n]*(?<![ \t])")
LENGTH = re.compile(rb"[0-9]{1,18}")

PSEUDO = frozenset({b":method", b":scheme", b":path", b":authority"})
NEEDED = frozenset({b":method", b":scheme", b":path"})

OF_HTTP_1 = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"})


def check_request(headers: list[Header]) -> int | None:
    """Check the headers of a request and return the content-length, if they have one. Raises `Fault`."""
    given: dict[bytes, bytes] = {}
    regular = False
    for name, value in headers:
        if name[:1] == b":":
            if name not in PSEUDO:
                raise _explain_malformed(f"{name!r:.60} is no pseudo-header of requests")
            if regular:
                raise _explain_malformed(f"the pseudo-header {name!r} comes behind other headers")
            if name in given:
                raise _explain_malformed(f"there are two {name!r}")
            given[name] = value
        else:
            regular = True
    _check_pseudo(given)
    return _check_regular(headers, given.get(b":authority"))


def check_trailers(headers: list[Header]) -> None:
    """Raise `Fault` where the headers may not be trailers."""
    for name, _ in headers:
        if name[:1] == b":":
            raise _explain_malformed("there is a pseudo-header among the trailers")
    _check_regular(headers, b"")


def _check_pseudo(given: dict[bytes, bytes]) -> None:
    if given.get(b":method") == b"CONNECT":
        if b":scheme" in given or b":path" in given:
            raise _explain_malformed("CONNECT has neither :scheme nor :path")
        return
    for name in NEEDED:
        if not given.get(name):
            raise _explain_malformed(f"there is no {name!r}")
    path = given[b":path"]
    if path[:1] != b"/" and (path != b"*" or given[b":method"] != b"OPTIONS"):
        raise _explain_malformed("the :path does not begin with a slash")


def _check_regular(headers: list[Header], authority: bytes | None) -> int | None:
    length = host = None
    for name, value in headers:
        if not NAME.fullmatch(name):
            raise _explain_malformed(f"{name!r:.60} is no name of a header")
        if not VALUE.fullmatch(value):
            raise _explain_malformed(f"the value of {name!r:.60} has a line break, a zero or blanks around it")
        if name in OF_HTTP_1 or (name == b"te" and value.lower() != b"trailers"):
            raise _explain_malformed(f"{name!r} has no place in HTTP/2")
        if name == b"content-length":
            if length is not None or not LENGTH.fullmatch(value):
                raise _explain_malformed("the content-length is not one number")
            length = int(value)
        elif name == b"host":
            if host is not None or (authority and value != authority):
                raise _explain_malformed("the host is not the :authority")
            host = value
    if not authority and authority != b"" and not host:
        raise _explain_malformed("there is neither :authority nor host")
    return length


def _explain_malformed(reason: str) -> Fault:
    return Fault(PROTOCOL_ERROR, reason)

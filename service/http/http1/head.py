"""Parses the head of a request strictly by RFC 9112: what two parsers could read in two ways is refused."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from urllib.parse import unquote

from bundle.errors import HeadTooLarge, InvalidRequest, NotImplementedHere, VersionNotSupported

MAX_FIELDS = 100
"""Most header lines of a request."""

LENGTH_DIGITS = 18
"""Most digits of a Content-Length."""

REMEMBERED = 256
"""How many heads are remembered: clients send the same one again and again."""

REMEMBERED_BYTES = 2**10
"""Of a head that is remembered, at most."""

METHODS = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY")
}
TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VISIBLE = bytes(byte for byte in range(0x21, 0x7F) if byte != ord("#"))
CONTROLS = bytes(byte for byte in (*range(0x20), 0x7F) if byte != ord("\t"))
VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(?::[0-9]{0,5})?")
ABSOLUTE = re.compile(rb"https?://([^/?]+)([/?].*)?", re.IGNORECASE)


@dataclass(slots=True)
class Head:
    """Method, path and headers by lower-case name (repeated ones joined by commas), and how the body is framed.

    Never changed: requests with the same head share it.
    """

    method: str
    target: bytes
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    length: int | None
    """The body's; None: in chunks."""
    minor: int
    """Of the version: HTTP/1.<minor>."""
    keep_alive: bool
    expects_continue: bool


def parse_head(head: bytes) -> Head:
    """Parse a head without the blank line that ends it. Raises a `SeriesmithError`."""
    return _remembered(head) if len(head) <= REMEMBERED_BYTES else _parse(head)


def _parse(head: bytes) -> Head:
    lines = head.split(b"\r\n")
    method, target, minor = parse_request_line(lines[0])
    if len(lines) > MAX_FIELDS + 1:
        raise HeadTooLarge(f"the request has more than {MAX_FIELDS} header lines; send fewer.")
    if len(head) - len(head.translate(None, CONTROLS)) != 2 * (len(lines) - 1):
        raise InvalidRequest("the headers have a control character; send them without.")
    headers = parse_fields(lines, 1)
    host = headers.get(b"host")
    if host is None and minor == 1:
        raise InvalidRequest("the header Host is missing; HTTP/1.1 needs it.")
    if host and HOST.fullmatch(host) is None:
        raise InvalidRequest("the header Host must be one host name, with or without a port.")
    path, _, query = _read_origin(method, target).partition(b"?")
    text = path.decode("ascii")
    connection = headers.get(b"connection")
    keep_alive = minor == 1
    if connection is not None:
        options = {option.strip() for option in connection.lower().split(b",")}
        keep_alive = b"close" not in options and (keep_alive or b"keep-alive" in options)
    return Head(
        method,
        target,
        unquote(text) if "%" in text else text,
        query,
        headers,
        _read_length(headers, minor),
        minor,
        keep_alive,
        minor == 1 and headers.get(b"expect", b"").lower() == b"100-continue",
    )


_remembered = functools.lru_cache(REMEMBERED)(_parse)


def parse_request_line(line: bytes) -> tuple[str, bytes, int]:
    """Return method, target and the last digit of the version. Raises a `SeriesmithError`."""
    words = line.split(b" ")
    if len(words) != 3 or not words[0] or words[0].translate(None, TOKEN):
        raise InvalidRequest("the request line must be a method, a target and a version, with a space between.")
    name, target, version = words
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        if VERSION.fullmatch(version) is None:
            raise InvalidRequest("the request line must end with the version, HTTP/1.1.")
        raise VersionNotSupported(f"this server speaks HTTP/1.1 and HTTP/1.0, not {version.decode()}.")
    if not target or target.translate(None, VISIBLE):
        raise InvalidRequest("the request's target must be a path of visible ASCII characters; percent-encode others.")
    method = METHODS.get(name)
    if method is None:
        raise NotImplementedHere(f"this server does not know the method {name[:40].decode()}.")
    return method, target, 1 if version == b"HTTP/1.1" else 0


def parse_fields(lines: list[bytes], first: int = 0) -> dict[bytes, bytes]:
    """Parse header or trailer lines without control characters; errors count from `first`. Raises `InvalidRequest`."""
    fields: dict[bytes, bytes] = {}
    for index in range(first, len(lines)):
        name, colon, value = lines[index].partition(b":")
        if not colon or not name or name.translate(None, TOKEN):
            raise InvalidRequest(
                "a header line must be a name of letters, digits and -, directly followed by a colon and the value."
            )
        name, value = name.lower(), value.strip()
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def _read_origin(method: str, target: bytes) -> bytes:
    """Return the path and query of a target."""
    if target[0] == 0x2F:
        return target
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is not None and HOST.fullmatch(absolute[1]) is not None:
        rest = absolute[2] or b"/"
        return rest if rest[0] == 0x2F else b"/" + rest
    if target == b"*" and method == "OPTIONS":
        return target
    raise InvalidRequest("the request's target must be a path that starts with a slash, or a http URL.")


def _read_length(headers: dict[bytes, bytes], minor: int) -> int | None:
    """Return the length of the body in bytes; None where it comes in chunks. Raises a `SeriesmithError`."""
    coding, length = headers.get(b"transfer-encoding"), headers.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise InvalidRequest("Content-Length and Transfer-Encoding exclude each other; send one of them.")
        if minor == 0:
            raise InvalidRequest("HTTP/1.0 has no Transfer-Encoding; send a Content-Length.")
        if coding.lower() != b"chunked":
            raise NotImplementedHere("the only Transfer-Encoding that this server reads is chunked.")
        return None
    if length is None:
        return 0
    if not length.isdigit():
        sizes = {size.strip(b" \t") for size in length.split(b",")}
        length = sizes.pop()
        if sizes or not length.isdigit():
            raise InvalidRequest("the header Content-Length must be one number, of digits alone.")
    if len(length) > LENGTH_DIGITS:
        raise InvalidRequest(f"the header Content-Length has more than {LENGTH_DIGITS} digits.")
    return int(length)

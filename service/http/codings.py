"""Content codings: bodies come and go as they are, or with gzip, zstd or deflate."""

from __future__ import annotations

import zlib

import zstandard

from models.errors import InvalidRequest, TooLarge, UnsupportedMediaType
from service.http.accept import choose_coding

WORTH_BYTES = 1024
"""Shorter bodies go as they are."""

GZIP_WINDOW = 16 + zlib.MAX_WBITS
WINDOWS = {b"gzip": GZIP_WINDOW, b"x-gzip": GZIP_WINDOW, b"deflate": zlib.MAX_WBITS}
"""zlib's parameter; deflate is zlib's format, as HTTP has it."""

CODINGS = (b"zstd", b"gzip", b"deflate")
"""Those to answer with, the best first."""


def unpacked(body: bytes, coding: bytes, limit: int) -> bytes:
    """A body without its content coding. Raises `TooLarge` before it grows past `limit`, and `InvalidRequest`."""
    name = coding.strip().lower()
    if name in (b"", b"identity"):
        return body
    try:
        if name in WINDOWS:
            plain, whole = _inflated(body, limit, WINDOWS[name])
        elif name == b"zstd":
            reader = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
            plain, whole = reader.read(limit + 1), True
        else:
            shown = coding.decode("latin-1")[:40]
            raise UnsupportedMediaType(
                f"the body is encoded with {shown!r}; send it with gzip, zstd or deflate, or as it is."
            )
    except (zlib.error, zstandard.ZstdError) as error:
        raise InvalidRequest(f"the body is not valid {name.decode()}: {error}.") from error
    if len(plain) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes once unpacked; send several requests.")
    if not whole:
        raise InvalidRequest(f"the body is not valid {name.decode()}: it ends too early. Send it whole.")
    return plain


def _inflated(body: bytes, limit: int, window: int) -> tuple[bytes, bool]:
    """At most `limit` + 1 bytes of all members, and whether the last one was whole."""
    plain, rest, whole = b"", body, False
    while rest and len(plain) <= limit:
        member = zlib.decompressobj(window)
        plain += member.decompress(rest, limit + 1 - len(plain))
        rest, whole = member.unused_data, member.eof
        if not whole:
            break
    return plain, whole or len(plain) > limit


def acceptable(header: bytes, codings: tuple[bytes, ...] = CODINGS) -> bytes | None:
    """The coding to answer with, by an Accept-Encoding header; None: as it is."""
    return choose_coding(header, codings) if header else None


def packed(body: bytes, coding: bytes) -> bytes:
    """A body with a content coding; levels that cost little."""
    if coding == b"zstd":
        return zstandard.ZstdCompressor(level=1).compress(body)
    compressor = zlib.compressobj(level=1, wbits=WINDOWS[coding])
    return compressor.compress(body) + compressor.flush()

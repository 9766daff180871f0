"""Content codings: bodies come and go as they are, or with gzip, zstd or deflate."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import zstandard

from bundle.errors import InvalidRequest, TooLarge, UnsupportedMediaType
from service.http.accept import choose_coding
from service.pace import LARGE_BYTES, run_unhurried

WORTH_BYTES = 1024
"""Shorter bodies go as they are."""

GZIP_WINDOW = 16 + zlib.MAX_WBITS
WINDOWS = {b"gzip": GZIP_WINDOW, b"x-gzip": GZIP_WINDOW, b"deflate": zlib.MAX_WBITS}
"""zlib's parameter; deflate is zlib's format, as HTTP has it."""

CODINGS = (b"zstd", b"gzip", b"deflate")
"""Those to answer with, the best first."""


MOST_MEMBERS = 10_000
"""Of a packed body; blocked gzip has one for every 64 KiB."""

FIRST_BYTES = 2**12
"""Handed to a new member first, then twice as many each time: what a short one leaves over is copied."""

GROWTH_BYTES = 2**20
"""Most that is unpacked in one step."""

MOST_WINDOW_BYTES = 2**23
"""What a zstd frame may have its reader hold, as RFC 9659 has it for HTTP."""


async def unpack(body: bytes, coding: bytes, limit: int) -> bytes:
    """Unpack a body, in a thread where much comes out, so that the event loop stays free; see `unpack_at_once`."""
    if not coding:
        return body
    try:
        return (
            unpack_at_once(body, coding, min(limit, LARGE_BYTES))
            if len(body) <= LARGE_BYTES
            else await _unpack_beside(body, coding, limit)
        )
    except TooLarge:
        if limit <= LARGE_BYTES:
            raise
    return await _unpack_beside(body, coding, limit)


async def _unpack_beside(body: bytes, coding: bytes, limit: int) -> bytes:
    return await run_unhurried(LARGE_BYTES + 1, lambda: unpack_at_once(body, coding, limit))


def unpack_at_once(body: bytes, coding: bytes, limit: int) -> bytes:
    """Undo a body's content coding. Raises `TooLarge` before it grows past `limit`, and `InvalidRequest`."""
    name = coding.strip().lower()
    if name in (b"", b"identity"):
        return body
    parts: Iterator[bytes]
    if name in WINDOWS:
        parts = _inflate(body, WINDOWS[name])
    elif name == b"zstd":
        parts = _decompress(body)
    else:
        shown = coding.decode("latin-1")[:40]
        raise UnsupportedMediaType(
            f"the body is encoded with {shown!r}; send it with gzip, zstd or deflate, or as it is."
        )
    taken: list[bytes] = []
    size = 0
    try:
        for part in parts:
            taken.append(part)
            size += len(part)
            if size > limit:
                raise TooLarge(f"the body is larger than {limit} bytes once unpacked; send several requests.")
    except (zlib.error, zstandard.ZstdError) as error:
        raise InvalidRequest(f"the body is not valid {name.decode()}: {error}.") from error
    except EOFError as error:
        raise InvalidRequest(f"the body is not valid {name.decode()}: it ends too early. Send it whole.") from error
    except OverflowError as error:
        raise InvalidRequest(
            f"the body has more than {MOST_MEMBERS} members of {name.decode()}; pack it as a whole."
        ) from error
    return b"".join(taken)


def _inflate(body: bytes, window: int) -> Iterator[bytes]:
    """Yield what all gzip members hold, a bounded part at a time.

    Raises `EOFError` where the last is not whole, and `OverflowError` where there are too many.
    """
    whole, start = memoryview(body), 0
    for _ in range(MOST_MEMBERS):
        member, step = zlib.decompressobj(window), FIRST_BYTES
        while not member.eof:
            if start >= len(body):
                raise EOFError
            given = whole[start : start + step]
            start += len(given)
            step = min(2 * step, GROWTH_BYTES)
            yield member.decompress(given, GROWTH_BYTES)
            while member.unconsumed_tail and not member.eof:
                yield member.decompress(member.unconsumed_tail, GROWTH_BYTES)
        start -= len(member.unused_data)
        if start >= len(body):
            return
    raise OverflowError


def _decompress(body: bytes) -> Iterator[bytes]:
    """Yield what all zstd frames hold, a bounded part at a time."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW_BYTES)
    with unpacker.stream_reader(body, read_across_frames=True) as reader:
        while part := reader.read(GROWTH_BYTES):
            yield part


def choose_answer_coding(header: bytes, codings: tuple[bytes, ...] = CODINGS) -> bytes | None:
    """Choose the coding of an answer by an Accept-Encoding header; None means to send it uncoded."""
    return choose_coding(header, codings) if header else None


def pack(body: bytes, coding: bytes) -> bytes:
    """Apply a content coding to a body, at a level that costs little."""
    if coding == b"zstd":
        return zstandard.ZstdCompressor(level=1).compress(body)
    compressor = zlib.compressobj(level=1, wbits=WINDOWS[coding])
    return compressor.compress(body) + compressor.flush()

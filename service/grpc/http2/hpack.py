"""Header compression (RFC 7541): a decoder with its table, and an encoder that needs none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from service.grpc.http2 import huffman

Header = tuple[bytes, bytes]

TABLE_BYTES = 4096
"""Size of the decoder's table: the default, which we do not change."""

LIST_BYTES = 64 * 1024
"""Most bytes of headers in a request, uncompressed."""

_STATIC_TEXT = (
    ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|"
    ":status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|"
    "accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|"
    "authorization|cache-control|content-disposition|content-encoding|content-language|content-length|"
    "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|"
    "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|"
    "proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|"
    "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
)
_STATIC: tuple[Header, ...] = tuple(
    (name.encode(), value.encode()) for name, _, value in (line.partition("=") for line in _STATIC_TEXT.split("|"))
)


class Decoder:
    """The headers of one connection's blocks, in their order. `changes` counts how often the table has changed."""

    def __init__(self) -> None:
        self.changes = 0
        self._table: deque[Header] = deque()
        self._size, self._limit = 0, TABLE_BYTES

    def decoded(self, block: bytes) -> list[Header]:
        """The headers of a block. Raises `ValueError`."""
        headers: list[Header] = []
        place = size = 0
        try:
            while place < len(block):
                header, place = self._header(block, place)
                if header is not None:
                    headers.append(header)
                    size += len(header[0]) + len(header[1]) + 32
                    if size > LIST_BYTES:
                        raise ValueError("the headers are too large")
        except IndexError as error:
            raise ValueError("a header ends too early, or is not in the table") from error
        return headers

    def _header(self, block: bytes, place: int) -> tuple[Header | None, int]:
        first = block[place]
        if first & 0x80:
            index, place = _integer(block, place, 7)
            return self._indexed(index), place
        if first & 0xE0 == 0x20:
            limit, place = _integer(block, place, 5)
            if limit > TABLE_BYTES:
                raise ValueError("the table may not be that large")
            self._limit = limit
            self._evict(0)
            return None, place
        kept = first & 0x40
        index, place = _integer(block, place, 6 if kept else 4)
        if index:
            name = self._indexed(index)[0]
        else:
            name, place = _text(block, place)
        value, place = _text(block, place)
        if kept:
            self._keep(name, value)
        return (name, value), place

    def _indexed(self, index: int) -> Header:
        if not index:
            raise ValueError("there is no header 0")
        return _STATIC[index - 1] if index <= len(_STATIC) else self._table[index - len(_STATIC) - 1]

    def _keep(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value) + 32
        self._evict(size)
        if size <= self._limit:
            self._table.appendleft((name, value))
            self._size += size

    def _evict(self, coming: int) -> None:
        self.changes += 1
        while self._table and self._size + coming > self._limit:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + 32


def _integer(block: bytes, place: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    number = block[place] & most
    place += 1
    if number < most:
        return number, place
    shift = 0
    while True:
        byte = block[place]
        place += 1
        number += (byte & 0x7F) << shift
        if not byte & 0x80:
            return number, place
        shift += 7
        if shift > 28:
            raise ValueError("a number is too large")


def _text(block: bytes, place: int) -> tuple[bytes, int]:
    coded = block[place] & 0x80
    length, place = _integer(block, place, 7)
    end = place + length
    if end > len(block):
        raise ValueError("a text ends too early")
    text = block[place:end]
    return (huffman.decoded(text) if coded else text), end


def encoded(headers: Iterable[Header]) -> bytes:
    """A block that neither uses nor changes a table, but for the static one's status 200."""
    parts = []
    for header in headers:
        if header == (b":status", b"200"):
            parts.append(b"\x88")
        else:
            parts += [b"\x00", _length(header[0]), header[0], _length(header[1]), header[1]]
    return b"".join(parts)


def _length(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)])
    rest, parts = len(text) - 127, [127]
    while rest >= 128:
        parts.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*parts, rest])

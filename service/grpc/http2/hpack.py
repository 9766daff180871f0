"""Header compression (RFC 7541): the `hpack` library reads; what we write needs no table."""

from __future__ import annotations

from collections.abc import Iterable

import hpack
from hpack.table import HeaderTable

Header = tuple[bytes, bytes]

LIST_BYTES = 64 * 1024
"""Most bytes of headers in a request, uncompressed."""

TABLE_BYTES = 4096
"""Of the table that a peer may have us keep."""

RESIZES = 2
"""Changes of the table's size that may stand before a block: to the smallest that there was, and to the last."""


class _Table(HeaderTable):
    """Counts what is added."""

    def __init__(self) -> None:
        super().__init__()
        self.added = 0

    def add(self, name: bytes, value: bytes) -> None:
        self.added += 1
        super().add(name, value)


class Decoder:
    """The headers of one connection's blocks, in their order."""

    __slots__ = ("_decoder", "_resized", "_table")

    def __init__(self) -> None:
        self._decoder = hpack.Decoder(max_header_list_size=LIST_BYTES)
        self._table = self._decoder.header_table = _Table()
        self._decoder.header_table_size = self._decoder.max_allowed_table_size = TABLE_BYTES
        self._resized = 0

    @property
    def changes(self) -> int:
        """How often the header table has changed; equal blocks mean the same while this number stays."""
        return self._table.added + self._resized

    def decode(self, block: bytes) -> list[Header]:
        """Decode the headers of a block. Raises `ValueError`."""
        resizes = _count_resizes(block)
        self._resized += resizes
        if resizes > RESIZES:
            raise ValueError("the headers cannot be read: the table changes its size too often")
        try:
            headers = self._decoder.decode(block, raw=True)
        except (hpack.HPACKError, IndexError) as error:
            raise ValueError(f"the headers cannot be read: {error}") from error
        return [(bytes(name), bytes(value)) for name, value in headers]


def _count_resizes(block: bytes) -> int:
    """Count the changes of the table's size at the start of a block, up to one more than allowed."""
    place = count = 0
    while place < len(block) and block[place] & 0xE0 == 0x20 and count <= RESIZES:
        more = block[place] & 0x1F == 0x1F
        place += 1
        while more and place < len(block):
            more = block[place] >= 0x80
            place += 1
        count += 1
    return count


def encode(headers: Iterable[Header]) -> bytes:
    """Encode headers as a block that uses no dynamic table; of the static table it uses status 200 alone."""
    parts = []
    for header in headers:
        if header == (b":status", b"200"):
            parts.append(b"\x88")
        else:
            parts += [b"\x00", _encode_length(header[0]), header[0], _encode_length(header[1]), header[1]]
    return b"".join(parts)


def _encode_length(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)])
    rest, parts = len(text) - 127, [127]
    while rest >= 128:
        parts.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*parts, rest])

"""Header compression (RFC 7541): the `hpack` library reads; what we write needs no table."""

from __future__ import annotations

from collections.abc import Iterable

import hpack

Header = tuple[bytes, bytes]

LIST_BYTES = 64 * 1024
"""Most bytes of headers in a request, uncompressed."""


class Decoder:
    """The headers of one connection's blocks, in their order. `changes` counts how often the table has changed."""

    def __init__(self) -> None:
        self.changes = 0
        self._decoder = hpack.Decoder(max_header_list_size=LIST_BYTES)

    def decoded(self, block: bytes) -> list[Header]:
        """The headers of a block. Raises `ValueError`."""
        table = self._decoder.header_table
        before = list(table.dynamic_entries)
        try:
            headers = self._decoder.decode(block, raw=True)
        except hpack.HPACKError as error:
            raise ValueError(f"the headers cannot be read: {error}") from error
        self.changes += before != list(table.dynamic_entries)
        return [(bytes(name), bytes(value)) for name, value in headers]


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

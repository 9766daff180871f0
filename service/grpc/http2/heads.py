"""What the headers of streams say, read once for equal ones: clients send the same block call after call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.grpc.http2.frames import COMPRESSION_ERROR, Violation
from service.grpc.http2.hpack import Decoder, Header

KNOWN_BLOCKS = 64
"""How many are remembered."""


class Heads:
    """What `read` makes of each block of one connection. A block means the same again while the table is the same."""

    def __init__(self, read: Callable[[list[Header]], Any]) -> None:
        self._read = read
        self._decoder, self._known = Decoder(), dict[bytes, Any]()

    def of(self, block: bytes) -> Any:
        """What a block says. Raises `Violation`."""
        head = self._known.get(block)
        if head is not None:
            return head
        changes = self._decoder.changes
        try:
            head = self._read(self._decoder.decoded(block))
        except ValueError as error:
            raise Violation(COMPRESSION_ERROR, str(error)) from error
        changed = self._decoder.changes != changes
        if changed or len(self._known) >= KNOWN_BLOCKS:
            self._known.clear()
        if not changed:
            self._known[block] = head
        return head

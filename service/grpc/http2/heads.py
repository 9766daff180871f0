"""Reads the headers of streams, and equal blocks only once: clients send the same block with every call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.grpc.http2.calm import Bucket
from service.grpc.http2.fields import check_request, check_trailers
from service.grpc.http2.frames import COMPRESSION_ERROR, Fault, Violation
from service.grpc.http2.hpack import Decoder, Header

KNOWN_BLOCKS = 64
"""How many are remembered,"""

KNOWN_BYTES = 2048
"""and how long they may be."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a request's headers say: `content`, as `read` has it; the body's `length`, where they tell; or a `fault`."""

    content: Any = None
    length: int | None = None
    fault: Fault | None = None


class Heads:
    """Remembers the head of each block of one connection, as long as the header table does not change.

    `cost` is how many bytes of the latest block had to be decoded; `budget` pays for them before decoding.
    """

    __slots__ = ("_budget", "_decoder", "_known", "_read", "cost")

    def __init__(self, read: Callable[[list[Header]], Any], budget: Bucket) -> None:
        self._read, self._budget = read, budget
        self._decoder, self._known = Decoder(), dict[bytes, Head]()
        self.cost = 0

    def read(self, block: bytes) -> Head:
        """Return the head in a block of headers. Raises `Violation`."""
        head = self._known.get(block)
        if head is not None:
            self.cost = 0
            return head
        changes = self._decoder.changes
        head = self._read_head(self._decode(block))
        changed = self._decoder.changes != changes
        if changed or len(self._known) >= KNOWN_BLOCKS:
            self._known.clear()
        if not changed and len(block) <= KNOWN_BYTES:
            self._known[block] = head
        return head

    def check_trailers(self, block: bytes) -> None:
        """Raise `Fault` where a block at the end of a request may not stand there; `Violation` as `read` does."""
        changes = self._decoder.changes
        headers = self._decode(block)
        if self._decoder.changes != changes:
            self._known.clear()
        check_trailers(headers)

    def _decode(self, block: bytes) -> list[Header]:
        self.cost = len(block)
        self._budget.spend(self.cost)
        try:
            return self._decoder.decode(block)
        except ValueError as error:
            raise Violation(COMPRESSION_ERROR, str(error)) from error

    def _read_head(self, headers: list[Header]) -> Head:
        try:
            return Head(length=check_request(headers), content=self._read(headers))
        except Fault as fault:
            return Head(fault=fault)

"""Flow control of a connection or of one stream: how many bytes each side may still send."""

from __future__ import annotations

from service.grpc.http2.frames import LARGEST_WINDOW


class Windows:
    """`outbound`: bytes that the peer takes; `inbound`: bytes that it may send, which grows as they are consumed.

    Of the event loop's thread alone. Either may be below zero: the peer's settings can shrink `outbound`, and `inbound`
    is below zero where the peer has sent more than it may.
    """

    __slots__ = ("_consumed", "_size", "inbound", "outbound")

    def __init__(self, outbound: int, inbound: int) -> None:
        self.outbound, self.inbound = outbound, inbound
        self._size, self._consumed = inbound, 0

    def widen(self, change: int) -> bool:
        """Add `change` to what the peer takes; False where the window would exceed its largest size."""
        self.outbound += change
        return self.outbound <= LARGEST_WINDOW

    def consume(self, size: int) -> int:
        """`size` bytes that came are taken care of; answers what to grant the peer now, 0 until it is worth a frame."""
        self._consumed += size
        if self._consumed * 2 < self._size:
            return 0
        grant, self._consumed = self._consumed, 0
        self.inbound += grant
        return grant

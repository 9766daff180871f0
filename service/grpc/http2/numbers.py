"""Which numbers a peer's streams have had, so that what comes late, or out of order, can be judged (RFC 9113, 5.1)."""

from __future__ import annotations

from service.grpc.http2.frames import PROTOCOL_ERROR, STREAM_CLOSED, Fault, Violation

KNOWN_STREAMS = 1024
"""How many resets are remembered, and how many gaps between numbers."""


class Numbers:
    """`last`: the highest number of a stream that was opened."""

    __slots__ = ("_resets", "_skipped", "last")

    def __init__(self) -> None:
        self.last = 0
        self._resets: dict[int, bool] = {}
        self._skipped: list[range] = []

    def open(self, number: int) -> None:
        """A stream is opened; the idle ones below it can be opened no more."""
        if number > self.last + 2 and len(self._skipped) < KNOWN_STREAMS:
            self._skipped.append(range((self.last + 1) | 1, number, 2))
        self.last = number

    def was_skipped(self, number: int) -> bool:
        """Whether a stream of a higher number was opened first."""
        return any(number in skipped for skipped in self._skipped)

    def require_opened(self, number: int, reason: str) -> None:
        """Raise `Violation` for a stream that was never opened."""
        if not number & 1 or number > self.last:
            raise Violation(PROTOCOL_ERROR, reason)

    def remember_reset(self, number: int, ours: bool) -> None:
        """A stream was reset, by us or by the peer."""
        self._resets[number] = ours
        if len(self._resets) > KNOWN_STREAMS:
            del self._resets[next(iter(self._resets))]

    def judge_late(self, number: int, half_closed: bool) -> None:
        """Raise what a frame is that comes of an opened stream which has ended, or ended on the peer's side.

        A peer may not know yet of a stream that we have reset. One that it has reset itself, or ended, it knows of.
        """
        ours = False if half_closed else self._resets.get(number)
        if ours:
            return
        kind = Violation if ours is None else Fault
        raise kind(STREAM_CLOSED, "there is data of a stream that has ended")

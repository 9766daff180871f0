"""Limits on what costs us work and brings the peer nothing: a number at once, and a number a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from service.grpc.http2.frames import ENHANCE_YOUR_CALM, Violation

Clock = Callable[[], float]


class Bucket:
    """A token bucket: holds up to `burst` tokens and gains `rate` a second. Add back to `tokens` what proved useful.

    It reads the clock only when it is empty.
    """

    __slots__ = ("_burst", "_clock", "_rate", "_since", "_what", "tokens")

    def __init__(self, what: str, burst: float, rate: float, clock: Clock) -> None:
        self._what, self._burst, self._rate, self._clock = what, burst, rate, clock
        self.tokens, self._since = burst, clock()

    def spend(self, tokens: float = 1) -> None:
        """Take `tokens` from the bucket. Raises `Violation` where it holds fewer."""
        self.tokens = min(self.tokens, self._burst) - tokens
        if self.tokens < 0:
            now = self._clock()
            self.tokens += (now - self._since) * self._rate
            self._since = now
            self.tokens = min(self.tokens, self._burst - tokens)
            if self.tokens < 0:
                raise Violation(ENHANCE_YOUR_CALM, f"there are too many {self._what}")


class Calm:
    """The budgets of one connection; useful work refunds what its frames cost."""

    __slots__ = ("heads", "resets", "settings", "trifles")

    def __init__(self, clock: Clock = monotonic) -> None:
        self.trifles = Bucket("frames that say nothing", 10_000, 2_000, clock)
        """Pings, windows, priorities, unknown kinds, and data and continuations of next to no bytes."""
        self.settings = Bucket("settings", 100, 10, clock)
        self.resets = Bucket("streams given up or malformed", 1_000, 100, clock)
        self.heads = Bucket("new headers", 2**20, 2**18, clock)
        """Bytes of blocks that had to be decoded."""

"""A deadline that is moved by an assignment: one timer runs on and compares the clock with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

NEVER = float("inf")

SECOND_LOOK = 0.05
"""After a pause of the process timers run before sockets are read: what is overdue is looked at again so much later."""


class Deadline:
    """Calls `expire` some time after `at` has passed, unless `at` was moved meanwhile.

    `tick` is the shortest time from now that `at` is ever set to, so that a timer no longer than that is never late.
    """

    __slots__ = ("_expire", "_loop", "_overdue", "_tick", "_timer", "at")

    def __init__(self, loop: asyncio.AbstractEventLoop, tick: float, expire: Callable[[], None]) -> None:
        self._loop, self._tick, self._expire = loop, tick, expire
        self.at = NEVER
        self._overdue: float | None = None
        self._timer = loop.call_later(tick, self._look)

    def end(self) -> None:
        """Stop the timer."""
        self._timer.cancel()

    def _look(self) -> None:
        left = self.at - self._loop.time()
        wait = min(left, self._tick)
        if left <= 0:
            if self._overdue == self.at:
                self._overdue, self.at = None, NEVER
                self._expire()
                wait = self._tick
            else:
                self._overdue, wait = self.at, SECOND_LOOK
        self._timer = self._loop.call_later(wait, self._look)

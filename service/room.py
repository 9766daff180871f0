"""An answer takes its bytes from the budget before it is made: what would not fit costs no work.

They are given back when the answer is handed over to its connection, which takes what waits there to be read.
"""

from __future__ import annotations

from bundle.errors import TooLarge
from service.budget import Budget

MADE_BYTES = 4
"""Of a value as it is made: float32."""

BINARY_BYTES, TEXT_BYTES = 8, 24
"""Of a value as it is written, twice, since pieces are joined: in octets, and in JSON, of some 12 characters."""

CONNECTION_SHARE = 0.5
"""Of the budget: what one connection of HTTP/2 may hold."""

SMALL_BYTES = 2**16
"""A shorter answer takes nothing: the queue's bound on series is theirs, too."""


class Room:
    """What one answer takes of a budget, for as long as the block lasts.

    `written`: bytes of a value as it is written; `beside`: what the request itself holds already; `share`: which part
    of the budget one connection may hold.
    """

    __slots__ = ("_beside", "_budget", "_share", "_written", "held")

    def __init__(self, budget: Budget, written: int, beside: int = 0, share: float = 1.0) -> None:
        self._budget, self._written, self._beside, self._share = budget, written, beside, share
        self.held = 0

    def take(self, values: int, unwritten: int = 0) -> None:
        """Hold `values` to be written, and as many as `unwritten` that are only made.

        Raises `Overloaded` where there is no room now, and `TooLarge` where there could never be.
        """
        size = values * (MADE_BYTES + self._written) + unwritten * MADE_BYTES
        if size <= SMALL_BYTES:
            return
        most = int(self._budget.limit * self._share)
        if size + self._beside > most:
            raise TooLarge(
                f"the answer would take {size} bytes while it is made, and the request has {self._beside}; both may "
                f"have {most}. Send several requests, ask for a stream, or raise SERIESMITH_MAX_HELD_BYTES."
            )
        self._budget.take(size)
        self.held += size

    def hand_over(self) -> Room:
        """The same, of which this one holds nothing any more: for what outlasts the block."""
        other = Room(self._budget, self._written, self._beside, self._share)
        other.held, self.held = self.held, 0
        return other

    def close(self) -> None:
        """Give back what is held."""
        if self.held:
            self._budget.give(self.held)
            self.held = 0

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *ending: object) -> None:
        if self.held:
            self.close()

"""A budget that all connections of a worker share: they take from it before they hold something, and give it back."""

from __future__ import annotations

import resource

from bundle.errors import Overloaded

OTHER_FILES = 64
"""Open files of a worker that are no connections: models, metrics, listening sockets, the interpreter's."""


def limit_connections(wanted: int) -> int:
    """Return how many connections a worker may have: `wanted`, or fewer where the limit on open files is lower."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - OTHER_FILES))


class Budget:
    """Bounds how much of one thing is held at a time. Only the event loop's thread may use it.

    `noun` names the thing in refusals, such as "bytes of requests and unread answers".
    """

    __slots__ = ("held", "limit", "noun")

    def __init__(self, limit: int, noun: str) -> None:
        self.limit, self.noun = limit, noun
        self.held = 0

    def has_room(self, amount: int) -> bool:
        """Whether `amount` more could be held."""
        return self.held + amount <= self.limit

    def take(self, amount: int) -> None:
        """Hold `amount` more. Raises `Overloaded`, and holds nothing more, where that exceeds the limit."""
        if self.held + amount > self.limit:
            raise Overloaded(
                f"the server holds {self.held} {self.noun}, and {amount} more would exceed its limit of {self.limit}; "
                "send the request again in a moment."
            )
        self.held += amount

    def force(self, amount: int) -> None:
        """Hold `amount` more, whatever the limit: what is in memory already can only be counted."""
        self.held += amount

    def give(self, amount: int) -> None:
        """Hold `amount` less."""
        self.held -= amount

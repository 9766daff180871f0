"""What all connections of a worker share: a budget is taken from before something is held, and given back after."""

from __future__ import annotations

import resource

from models.errors import Overloaded

OTHER_FILES = 64
"""Open files of a worker that are no connections: models, metrics, listening sockets, the interpreter's."""


def limit_connections(wanted: int) -> int:
    """How many connections a worker can have at most: as many as wanted, or as files may be open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - OTHER_FILES))


class Budget:
    """A bound on how much of one thing is held at a time. Of the event loop's thread alone.

    `noun` says of what, in refusals: "bytes of requests and unread answers".
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
        """Hold `amount` more, whatever the limit: of what is there already, and can only be counted."""
        self.held += amount

    def give(self, amount: int) -> None:
        """Hold `amount` less."""
        self.held -= amount

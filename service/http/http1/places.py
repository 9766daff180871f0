"""A place for every connection, up to a limit; the one that idled longest makes room for a new one."""

from __future__ import annotations

from typing import Protocol

from service.budget import Budget


class Idler(Protocol):
    """A connection that can be closed while no request is under way on it."""

    def give_way(self) -> None:
        """Close."""


class Places:
    """The connections of a worker without a request under way, the longest idle first."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._idle: dict[Idler, None] = {}

    def enter(self, connection: Idler) -> bool:
        """Give a new connection a place, if need be that of the longest idle one; False where there is none."""
        if not self._budget.has_room(1):
            longest = next(iter(self._idle), None)
            if longest is None:
                return False
            del self._idle[longest]
            longest.give_way()
        self._budget.force(1)
        self._idle[connection] = None
        return True

    def rest(self, connection: Idler) -> None:
        """Note that the connection's request is over: it may be closed for another."""
        self._idle[connection] = None

    def work(self, connection: Idler) -> None:
        """Note that a request is under way on the connection: it may not be closed for another."""
        self._idle.pop(connection, None)

    def leave(self, connection: Idler) -> None:
        """Give its place back."""
        self._budget.give(1)
        self._idle.pop(connection, None)

"""One connection's share of the byte budget of all: its requests under way and its unread answers."""

from __future__ import annotations

from bundle.errors import Overloaded
from service.budget import Budget


class Holding:
    """Takes from the budget of all connections, and no more than half of it."""

    __slots__ = ("_budget", "_limit", "held")

    def __init__(self, budget: Budget) -> None:
        self._budget, self._limit = budget, budget.limit // 2
        self.held = 0

    def has_room(self, amount: int) -> bool:
        """Whether `amount` more could be held."""
        return self.held + amount <= self._limit and self._budget.has_room(amount)

    def take(self, amount: int) -> None:
        """Hold `amount` more. Raises `Overloaded`, and holds nothing more, where there is no room."""
        held = self.held + amount
        if held > self._limit:
            raise Overloaded(
                f"this connection holds {self.held} bytes of requests and of answers made or not read yet, and "
                f"{amount} more would exceed its limit of {self._limit}; read the answers, and send the request again "
                "in a moment."
            )
        budget = self._budget
        if budget.held + amount > budget.limit:
            budget.take(amount)  # which says what is wrong
        budget.held += amount
        self.held = held

    def force(self, amount: int) -> None:
        """Hold `amount` more, whatever the limit."""
        self.held += amount
        self._budget.force(amount)

    def give(self, amount: int) -> None:
        """Hold `amount` less."""
        self.held -= amount
        self._budget.held -= amount

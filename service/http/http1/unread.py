"""What was written to a client that reads it slowly: counted against the budget of bytes, and due."""

from __future__ import annotations

import asyncio

from service.budget import Budget
from service.http.http1.deadline import NEVER

READ_BYTES = 32 * 2**10
"""How much of an answer a client must read in each of the periods that a write may take."""


class Unread:
    """The bytes that wait in a transport's buffer, from its `pause_writing` to its `resume_writing`."""

    __slots__ = ("_budget", "_loop", "_readers", "_seconds", "due", "size")

    def __init__(self, loop: asyncio.AbstractEventLoop, budget: Budget, seconds: float) -> None:
        self._loop, self._budget, self._seconds = loop, budget, seconds
        self._readers: list[asyncio.Future[None]] = []
        self.size = 0
        self.due = NEVER

    def hold(self, size: int) -> None:
        """Count `size` bytes, of which some must be read within the seconds that a write may take."""
        self.size = size
        self._budget.force(size)
        self.due = self._loop.time() + self._seconds

    def has_shrunk(self, size: int) -> bool:
        """Whether enough was read now that `size` bytes are left; then the next part is due."""
        if self.size - size < READ_BYTES:
            return False
        self._budget.give(self.size - size)
        self.size = size
        self.due = self._loop.time() + self._seconds
        return True

    def release(self) -> None:
        """Count nothing any more: all was read, or the client has left."""
        self._budget.give(self.size)
        self.size, self.due = 0, NEVER
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)

    async def wait(self) -> None:
        """Return once the client has read enough."""
        if self.size:
            reader = self._loop.create_future()
            self._readers.append(reader)
            await reader

"""What groups of calls, such as `client.datasets`, need of the client that they belong to."""

from __future__ import annotations

from typing import Protocol, TypeVar

from seriesmith.calls import Call
from seriesmith.persistence import Persistence, Steps

Answer = TypeVar("Answer")


class Caller(Protocol):
    """The blocking client."""

    _persistence: Persistence

    def _answer(self, call: Call[Answer]) -> Answer: ...

    def _walk(self, steps: Steps[Answer]) -> Answer: ...


class AsyncCaller(Protocol):
    """The asynchronous client."""

    _persistence: Persistence

    async def _answer(self, call: Call[Answer]) -> Answer: ...

    async def _walk(self, steps: Steps[Answer]) -> Answer: ...

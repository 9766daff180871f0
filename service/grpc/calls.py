"""Wraps every call, of whichever interface, in the check of the key, the deadline and the counting.

An interface hands over a function from a request's bytes to an answer's bytes, which may raise a `SeriesmithError`. It
never sees HTTP/2.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic

from bundle.errors import DeadlineExceeded
from service import metrics
from service.admission import admit, authorize, finish_in_time
from service.grpc.asked import Asked, Method
from service.keys import Role
from service.observing.record import mark
from service.serving import Serving

Work = Callable[[bytes, metrics.Outcome], Awaitable[bytes]]
Parts = Callable[[bytes, metrics.Outcome], AsyncGenerator[bytes, None]]

LEAVING_SECONDS = 0.01
"""A client whose deadline is this near has left because of it."""


class Calls:
    """Makes methods of functions. A call is counted under `outcome.operation`, which the function may set.

    A call with an empty operation is not counted.
    """

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def make_unary(self, work: Work, operation: str = "", role: Role | None = "use") -> Method:
        """Make a method of one request and one answer. The key must have the `role`; with None no key is needed."""

        async def answer_whole(request: bytes, asked: Asked) -> bytes:
            with _Counted(operation, asked) as counted:
                if role == "manage" or (role is not None and self.serving.identity.needs_key):
                    counted.outcome.begin(authorize(self.serving, asked.authorization, role))
                if operation:
                    self.serving.lane.require_room()
                mark("admission")
                return await finish_in_time(self.serving, work(request, counted.outcome), asked.seconds)

        return Method(whole=answer_whole, needs_key=role is not None)

    def make_streaming(self, parts: Parts, operation: str = "") -> Method:
        """Make a method of one request and many answers: it waits while the client does not read."""

        async def answer_parts(request: bytes, asked: Asked) -> AsyncGenerator[bytes, None]:
            with _Counted(operation, asked) as counted:
                admit(self.serving, asked.authorization, counted.outcome)
                mark("admission")
                async with aclosing(parts(request, counted.outcome)) as made:
                    while (
                        part := await finish_in_time(self.serving, anext(made, None), counted.compute_remaining())
                    ) is not None:
                        yield part

        return Method(parts=answer_parts, needs_key=True)


class _Counted:
    """Counts how a call ends; a call that is cancelled at its deadline counts as `DEADLINE_EXCEEDED`."""

    def __init__(self, operation: str, asked: Asked) -> None:
        self.outcome = metrics.Outcome(operation)
        self._deadline = None if asked.seconds is None else monotonic() + asked.seconds

    def compute_remaining(self) -> float | None:
        """Return the seconds that the client still waits; None where it set no deadline."""
        return None if self._deadline is None else self._deadline - monotonic()

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            remaining = self.compute_remaining()
            if remaining is not None and remaining < LEAVING_SECONDS:
                error = DeadlineExceeded("the client's deadline has passed.")
        self.outcome.end(error)

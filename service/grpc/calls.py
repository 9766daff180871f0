"""What every call goes through, whichever interface it belongs to: key, deadline and counting.

An interface hands over its work, which takes a request's bytes and answers bytes, or raises a `SeriesmithError`; it
never sees HTTP/2.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic

from models.errors import DeadlineExceeded
from service import metrics
from service.admission import admit, authorize, in_time
from service.grpc.asked import Asked, Method
from service.keys import Role
from service.serving import Serving

Work = Callable[[bytes, metrics.Outcome], Awaitable[bytes]]
Parts = Callable[[bytes, metrics.Outcome], AsyncGenerator[bytes, None]]

LEAVING_SECONDS = 0.01
"""A client whose deadline is this near has left because of it."""


class Calls:
    """Makes methods of work. A call is counted under `outcome.operation`, which work may set; not at all, if empty."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def unary(self, work: Work, operation: str = "", role: Role | None = "use") -> Method:
        """A method of one request and one answer, for keys that have the role; None: it needs no key."""

        async def whole(request: bytes, asked: Asked) -> bytes:
            with _Counted(operation, asked) as counted:
                if role == "manage" or (role is not None and self.serving.identity.needs_key):
                    counted.outcome.begin(authorize(self.serving, asked.authorization, role))
                if operation:
                    self.serving.lane.require_room()
                return await in_time(self.serving, work(request, counted.outcome), asked.seconds)

        return Method(whole=whole, needs_key=role is not None)

    def streaming(self, parts: Parts, operation: str = "") -> Method:
        """A method of one request and many answers; the client's pace is the work's, and its leaving ends it."""

        async def streamed(request: bytes, asked: Asked) -> AsyncGenerator[bytes, None]:
            with _Counted(operation, asked) as counted:
                admit(self.serving, asked.authorization, counted.outcome)
                async with aclosing(parts(request, counted.outcome)) as made:
                    while (part := await in_time(self.serving, anext(made, None), counted.remaining())) is not None:
                        yield part

        return Method(parts=streamed, needs_key=True)


class _Counted:
    """Counts how a call ends; one that is cancelled at its deadline has exceeded it."""

    def __init__(self, operation: str, asked: Asked) -> None:
        self.outcome = metrics.Outcome(operation)
        self._deadline = None if asked.seconds is None else monotonic() + asked.seconds

    def remaining(self) -> float | None:
        """Seconds that the client still waits; None: for ever."""
        return None if self._deadline is None else self._deadline - monotonic()

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            remaining = self.remaining()
            if remaining is not None and remaining < LEAVING_SECONDS:
                error = DeadlineExceeded("the client's deadline has passed.")
        self.outcome.end(error)

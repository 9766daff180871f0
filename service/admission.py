"""Admission, for every transport: the key, the role, the limits and the deadline of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bundle.errors import DeadlineExceeded, Forbidden, Unauthenticated
from service.identity import Caller
from service.keys import Role
from service.metrics import Outcome
from service.serving import Serving
from service.settings import Settings

Result = TypeVar("Result")

REFUSAL_SECONDS = 0.005
"""How long a refusal for want of room waits, so that who comes again at once leaves time for those who are answered."""


def admit(serving: Serving, authorization: bytes, outcome: Outcome, role: Role = "use") -> None:
    """Check the key of a request and the limits, and count the request for its key until `outcome` ends.

    Raises `Unauthenticated`, `Forbidden`, and `Overloaded` where its key or the server has too much to do.
    """
    if serving.identity.needs_key:
        caller = authorize(serving, authorization, role)
        serving.lane.require_room()
        outcome.begin(caller)
    else:
        serving.lane.require_room()


def authorize(serving: Serving, authorization: bytes, role: Role) -> Caller:
    """Return the caller of a key. Raises `Unauthenticated`, and `Forbidden` where the key lacks the role."""
    caller = serving.identity.identify(authorization)
    caller.require(role)
    if role == "manage":
        require_managing(serving.settings)
    return caller


def is_authentic(serving: Serving, authorization: bytes) -> bool:
    """Whether `authorization`, a header or metadata, is a key, where one is needed."""
    try:
        serving.identity.identify(authorization)
    except Unauthenticated:
        return False
    return True


def require_managing(settings: Settings) -> None:
    """Raise `Forbidden` where the settings do not allow managing models over the network."""
    if not settings.manage_models:
        raise Forbidden(
            "loading and unloading models over the network is off; set SERIESMITH_MANAGE_MODELS=true, or publish and "
            "remove versions in the repository."
        )


async def finish_in_time(serving: Serving, work: Awaitable[Result], patience: float | None = None) -> Result:
    """Await `work` and return its result. Raises `DeadlineExceeded` when that takes longer than the settings allow.

    `patience` is how many seconds the client says that it waits, if it says so: the shorter time counts.
    """
    longest = serving.settings.timeout_seconds
    seconds = longest if patience is None else min(longest, patience)
    loop = serving.loop  # kept: asyncio.get_running_loop is a system call until Python 3.12
    task = asyncio.current_task(loop)
    assert task is not None
    late: list[bool] = []

    def end() -> None:
        late.append(task.cancel())

    timer = loop.call_later(seconds, end)  # asyncio.timeout does this at thrice the cost
    try:
        return await work
    except asyncio.CancelledError:
        if not late or task.uncancel() > 0:
            raise
    finally:
        timer.cancel()
    raise DeadlineExceeded(
        f"the answer was not ready within {seconds:g} s; send fewer series, or raise SERIESMITH_TIMEOUT_SECONDS."
    )

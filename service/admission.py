"""What every transport asks of a request before it is answered, and how long it may take."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable
from typing import TypeVar

from models.errors import DeadlineExceeded, Unauthenticated
from service.settings import Settings

Result = TypeVar("Result")


def authenticate(settings: Settings, authorization: bytes) -> None:
    """Raise `Unauthenticated` where a key is needed and `authorization`, a header or metadata, is not it."""
    key = settings.api_key
    if key and not hmac.compare_digest(authorization, f"Bearer {key}".encode()):
        raise Unauthenticated("this server needs the header 'Authorization: Bearer <API key>'.")


async def in_time(settings: Settings, work: Awaitable[Result]) -> Result:
    """What `work` ends with. Raises `DeadlineExceeded` when that takes longer than the settings allow."""
    seconds = settings.timeout_seconds
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise DeadlineExceeded(
            f"the answer was not ready within {seconds:g} s; send fewer series, or raise SERIESMITH_TIMEOUT_SECONDS."
        ) from error

"""Work on large bodies goes on beside the event loop, a few at a time, so that small requests wait for none of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

LARGE_BYTES = 2**20
"""JSON beyond this takes milliseconds to read or write."""

LARGE_WORKERS = 2
"""Threads that share the interpreter's lock with the event loop; with more, it would wait for its turn longer."""

Result = TypeVar("Result")

_pool = ThreadPoolExecutor(LARGE_WORKERS, "large-bodies")


async def unhurried(n_bytes: int, work: Callable[[], Result]) -> Result:
    """Do what is large beside the event loop, so that small requests go on meanwhile."""
    if n_bytes <= LARGE_BYTES:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_pool, work)

"""Runs the work on large bodies in a few threads, so that the event loop stays free for small requests."""

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


async def run_unhurried(n_bytes: int, work: Callable[[], Result]) -> Result:
    """Call `work` and return its result: in a thread where it handles a large body of `n_bytes`, else at once."""
    if n_bytes <= LARGE_BYTES:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_pool, work)

"""What takes long keeps nobody waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

LARGE_BYTES = 2**20
"""JSON beyond this takes milliseconds to read or write."""

UNPACKED_TIMES = 20
"""How much larger a packed body may well be."""

Result = TypeVar("Result")


async def unhurried(n_bytes: int, work: Callable[[], Result]) -> Result:
    """Do what is large beside the event loop, so that small requests go on meanwhile."""
    return await asyncio.to_thread(work) if n_bytes > LARGE_BYTES else work()

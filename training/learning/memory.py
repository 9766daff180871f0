"""Freed memory is kept for the next gradient step, where glibc would return it to the system.

Returned memory costs a page fault for every 4 KiB of it when the next step asks for it again: 800 of them a gradient
step of `fcn`, a tenth to a fifth of its time.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""

LARGEST_BLOCK = 32 * 2**20
"""Blocks up to so many bytes are kept; glibc takes no more for this."""

MOST_KEPT = 256 * 2**20


def keep_freed_memory() -> bool:
    """Have malloc keep up to `MOST_KEPT` bytes of what is freed, in this process; False where it is not glibc's."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)) and bool(mallopt(M_TRIM_THRESHOLD, MOST_KEPT))

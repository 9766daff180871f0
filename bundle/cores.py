"""How many cores this process may run on."""

from __future__ import annotations

import os


def count_cores() -> int:
    """Count the cores that this process may run on, where the system tells; else all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

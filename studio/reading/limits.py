"""Bounds a process that does one task."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG."""

NICENESS = 10
"""Whoever is served goes first, and whoever waits for a file to be read has something of a busy machine too."""


def follow_parent() -> None:
    """End this process when its parent ends, leave Ctrl-C to that, and let whoever is served go first."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(DIES_WITH_PARENT, signal.SIGKILL)
    # Not a session of its own: Linux shares the processor out among sessions first (autogroup), however nice each is.
    os.setpgid(0, 0)
    os.nice(NICENESS - os.nice(0))


def limit(n_bytes: int, seconds: int) -> None:
    """Bound memory, computing time and the size of what is written; no core is dumped."""
    if n_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * n_bytes, 2 * n_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

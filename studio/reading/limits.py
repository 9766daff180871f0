"""`python -m studio.reading.limits BYTES SECONDS MODULE TASK FOLDER` limits its process, then runs the module."""

from __future__ import annotations

import ctypes
import os
import resource
import runpy
import signal
import sys

DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG."""

NICENESS = 10
"""Whoever is served goes first."""


def limit(n_bytes: int, seconds: int) -> None:
    """Bound memory, computing time, open files and the size of what is written; no core is dumped."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(DIES_WITH_PARENT, signal.SIGKILL)
        os.nice(NICENESS)
    if n_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * n_bytes, 2 * n_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    limit(int(sys.argv[1]), int(sys.argv[2]))
    module = sys.argv[3]
    sys.argv = [module, *sys.argv[4:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)

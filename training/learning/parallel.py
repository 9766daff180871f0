"""Calls run side by side, in processes that end with the one that they work for."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from joblib import Parallel, cpu_count, delayed

from training.configuration import FitConfiguration

SET_DEATH_SIGNAL = 1
"""Of Linux's prctl."""


def run_side_by_side(calls: Sequence[partial[Any]], configuration: FitConfiguration) -> list[Any]:
    """The answers of calls, in order; on the CPU each in a process of its own, one thread each."""
    workers = min(configuration.workers or cpu_count(), len(calls))
    if workers <= 1 or configuration.device == "cuda" or configuration.devices > 1:
        return [call() for call in calls]
    return list(Parallel(n_jobs=workers)(delayed(_call)(call) for call in calls))


def _call(call: Callable[[], Any]) -> Any:
    end_with_parent()
    return call()


def end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, however that comes about."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)

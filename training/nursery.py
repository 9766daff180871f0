"""The process that those which fit parts are forked from: it has imported what they need, and does nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

PRELOADED = ("training.fitting", "training.export.bundling", "onnxscript")
"""Importing these takes seconds, and a fork of what has imported them takes none."""

ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    )
}
"""Read when numpy, torch and numba load: it must be in the environment that a process starts with."""


def open_nursery() -> BaseContext:
    """How to start processes with all imported, one thread each; the first call starts the importing and does not wait
    for it.

    Where the system cannot fork, each process imports for itself.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    with set_one_thread(), _ignore_interrupts():
        forkserver.ensure_running()
    return context


@contextlib.contextmanager
def set_one_thread() -> Iterator[None]:
    """What starts meanwhile computes on one thread."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """What starts meanwhile leaves Ctrl-C to this process, from its first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end_with_parent() -> None:
    """Leave Ctrl-C to the process that this one works for, and end when that ends, however that comes about.

    To the system, the parent is the nursery, which outlives the fit as long as it has workers: a thread waits for the
    fit itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_and_end, name="end with parent", daemon=True).start()


def _wait_and_end() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

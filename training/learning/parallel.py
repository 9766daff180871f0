"""Calls run side by side, in processes that end with the one that they work for."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from functools import partial
from typing import Any

from joblib import cpu_count

from training.configuration import FitConfiguration
from training.nursery import end_with_parent, open_nursery


def run_side_by_side(calls: Sequence[partial[Any]], configuration: FitConfiguration) -> list[Any]:
    """The answers of calls, in order; on the CPU each in a process of its own, one thread each.

    Raises what the first call raised that failed, and kills what still runs then. Raises `BrokenProcessPool` where a
    process was killed from outside.
    """
    workers = min(configuration.workers or cpu_count(), len(calls))
    if workers <= 1 or configuration.device == "cuda" or configuration.devices > 1:
        return [call() for call in calls]
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, open_nursery(), initializer=end_with_parent) as pool:
        try:
            # As bytes: torch would pass tensors by open files, of which there are too few.
            running = [pool.submit(_call, pickle.dumps(call)) for call in calls]
            watch_every_process(pool)
            ended, _ = wait(running, return_when=FIRST_EXCEPTION)
            for future in running:
                if future in ended:
                    future.result()
            return [pickle.loads(future.result()) for future in running]
        except BaseException:
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            raise


def _call(call: bytes) -> bytes:
    return pickle.dumps(pickle.loads(call)())


def watch_every_process(pool: ProcessPoolExecutor) -> None:
    """Have the pool notice from now on where any of its processes is killed.

    It watches those that it had when it was last given a call, and starts one only after it was given one, so that
    the newest goes unwatched until there is another call, or an answer.
    """
    pool.submit(os.getpid)

"""Jobs in parallel processes, one thread each, handed back as they end."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

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


def run_jobs(
    run: Callable[[Job], Outcome], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[Job, Outcome | Exception]]:
    """Each job with what `run` makes of it, or with the exception that ended it; the other jobs go on."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        # Spawned, not forked: what is forked has loaded numpy and torch with other numbers of threads.
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting = {pool.submit(run, job): job for job in jobs}
            for future in as_completed(waiting):
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield waiting[future], error if error is not None else future.result()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""Jobs in parallel processes, one thread each, handed back as they end."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from training.learning.parallel import watch_every_process
from training.nursery import end_with_parent, set_one_thread

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")


def run_jobs(
    run: Callable[[Job], Outcome], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[Job, Outcome | Exception]]:
    """Each job with what `run` makes of it, or with the exception that ended it; the other jobs go on."""
    # Spawned, not forked: what is forked has loaded numpy and torch with other numbers of threads.
    spawn = multiprocessing.get_context("spawn")
    with set_one_thread(), ProcessPoolExecutor(workers, spawn, initializer=end_with_parent) as pool:
        waiting = {pool.submit(run, job): job for job in jobs}
        watch_every_process(pool)
        for future in as_completed(waiting):
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield waiting[future], error if error is not None else future.result()

"""Numbered tasks are run, each at least once, in this process, in processes of this machine, or on a cluster of Ray."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from bundle.cores import count_cores
from training.nursery import end_with_parent, set_one_thread
from training.scale.ray_cluster import Task, run_on_cluster
from training.settings import ConfigurationError

AHEAD = 2
"""Tasks given out for each worker, so that none waits for its next one."""


def run_tasks(task: Task, numbers: Sequence[int], workers: int, address: str | None) -> Iterator[Any]:
    """Yield what `task` returns of each of `numbers`, in the order in which they end.

    `workers`: processes on this machine, 0: one per core; `address`: a cluster of Ray instead. Raises what a task
    raises, and `ConfigurationError` where a process of this machine was killed.
    """
    if address is not None:
        return run_on_cluster(task, numbers, address)
    workers = min(workers or count_cores(), len(numbers))
    return map(task, numbers) if workers < 2 else _run_in_processes(task, numbers, workers)


def _run_in_processes(task: Task, numbers: Iterable[int], workers: int) -> Iterator[Any]:
    context, waiting = multiprocessing.get_context("spawn"), iter(numbers)
    with set_one_thread(), ProcessPoolExecutor(workers, context, _keep_task, (task,)) as pool:
        try:
            running: set[Future[Any]] = {pool.submit(_run_kept, number) for number in islice(waiting, AHEAD * workers)}
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(_run_kept, number) for number in islice(waiting, len(ended))}
                yield from (future.result() for future in ended)
        except BrokenProcessPool as error:
            raise ConfigurationError(
                "a worker process was killed, most likely for want of memory; the same command goes on where it "
                "stopped. Set fewer --workers."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_kept: list[Task] = []


def _keep_task(task: Task) -> None:
    end_with_parent()
    _kept[:] = [task]


def _run_kept(number: int) -> Any:
    return _kept[0](number)


def show_progress(answers: Iterator[Any], n_tasks: int, what: str, rows_each: float) -> Iterator[Any]:
    """Pass answers on, and say every few seconds on standard error how many there are, and how long the rest takes."""
    begun = told = time.monotonic()
    for done, answer in enumerate(answers, 1):
        now = time.monotonic()
        if now - told > TELL_SECONDS or done == n_tasks:
            told, spent = now, now - begun
            rate, left = done * rows_each / max(spent, 1e-9), spent / done * (n_tasks - done)
            print(
                f"{done} of {n_tasks} {what}; {rate:.0f} series a second; {left / 60:.0f} min left",
                file=sys.stderr,
                flush=True,
            )
        yield answer


TELL_SECONDS = 5.0

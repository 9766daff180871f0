"""Blocks of series made side by side: each thread makes some of them, by graph calls that keep to their thread.

A call of sixteen rows is too small to be shared out among cores; two such calls at a time keep two cores busy.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bundle.engine.sessions import keep_to_thread

Part = TypeVar("Part")


def make_side_by_side(make: Callable[[range], Part], numbers: range, n_threads: int) -> list[Part]:
    """Call `make` with consecutive parts of `numbers`, one for each thread, the calling one among them.

    Returns what it makes, in order. Raises what it raises, once every thread has ended its part.
    """
    n_parts = min(n_threads, len(numbers))
    if n_parts < 2:
        return [make(numbers)]
    ends = [len(numbers) * part // n_parts for part in range(n_parts + 1)]
    first, *others = (numbers[start:end] for start, end in itertools.pairwise(ends))

    def make_alone(part: range) -> Part:
        with keep_to_thread():
            return make(part)

    begun = [_open_pool(n_threads - 1).submit(make_alone, part) for part in others]
    try:
        made = make_alone(first)
    finally:
        failures = [future.exception() for future in begun]
    for failure in failures:
        if failure is not None:
            raise failure
    return [made, *(future.result() for future in begun)]


@functools.cache
def _open_pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, "blocks")

"""Plans retries, and the pieces of large requests, as steps for a client to take over any transport.

A step is an `Attempt`, which ends in an answer's fields or a `SeriesmithClientError`, or a `Pause`. Pauses double, with
full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), so that those refused together do not come
back together.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from seriesmith.calls import Call
from seriesmith.errors import SeriesmithClientError
from seriesmith.reading import join_answers

PIECE_ROWS = 4096
"""Most series that a piece has; a server takes 10 000 unless it is set otherwise."""

PIECE_BYTES = 16 * 2**20
"""Most bytes of series that a piece has, as long as it has more than one."""

PER_CASE = ("times",)
"""Fields beside series that have a list for each."""

PIECE_VALUES = 2**16
"""Most numbers in such a field of a piece; a server takes few more beside series."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Attempt:
    """Make this call; it may take so long: all of it, or any one part of an answer in parts."""

    call: Call[Any]
    seconds: float


@dataclass(frozen=True)
class Pause:
    """Let so much time pass."""

    seconds: float


Steps = Generator[Attempt | Pause, Any, Answer]


@dataclass(frozen=True)
class Persistence:
    """`retries` more attempts at what was refused for the moment, all within `timeout` seconds.

    `uniform(low, high)` draws, `clock()` tells seconds.
    """

    timeout: float
    retries: int
    uniform: Callable[[float, float], float] = random.Random().uniform
    clock: Callable[[], float] = time.monotonic

    def plan_steps(self, call: Call[Any]) -> Steps[Any]:
        """Plan attempts until one succeeds, and return its result. Raises the error of the last one."""
        deadline = self.clock() + max(self.timeout, call.seconds)
        for attempt in itertools.count():
            try:
                return (yield Attempt(call, self.timeout if call.parts else deadline - self.clock()))
            except SeriesmithClientError as error:
                if not error.passing:
                    raise
                pause = self._choose_pause(attempt, error)
                if attempt == self.retries or self.clock() + pause >= deadline:
                    error.add_note(f"This was attempt {attempt + 1} of at most {self.retries + 1}.")
                    raise
            yield Pause(pause)

    def _choose_pause(self, attempt: int, error: SeriesmithClientError) -> float:
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        return (error.retry_after or 0.0) + self.uniform(0.0, longest)

    def plan_pieces(self, call: Call[Answer]) -> Steps[Answer]:
        """Plan a call of any number of series; the version that answers the first piece answers all."""
        parts: list[Any] = []
        for start, piece in cut_pieces(call):
            if parts:
                piece = replace(piece, fields={**piece.fields, "model": f"{parts[0].model}/{parts[0].version}"})
            with _shift_errors(start):
                parts.append(call.read((yield from self.plan_steps(piece))))
        whole: Answer = join_answers(parts)
        return whole


def cut_pieces(call: Call[Answer]) -> Iterator[tuple[int, Call[Answer]]]:
    """Yield the pieces of a call with the positions of their first cases; one empty piece for no series."""
    if call.series is None or not call.series.size:
        yield 0, call
        return
    rows = max(1, min(PIECE_ROWS, PIECE_BYTES * len(call.series) // call.series.nbytes))
    if any(name in call.fields for name in PER_CASE):
        rows = max(1, min(rows, PIECE_VALUES // call.series.shape[-1]))
    for start in range(0, len(call.series), rows):
        piece = {name: value[start : start + rows] for name, value in call.fields.items() if name in PER_CASE}
        yield start, replace(call, series=call.series[start : start + rows], fields={**call.fields, **piece})


@contextmanager
def _shift_errors(start: int) -> Iterator[None]:
    """Add to the refusal of a later piece the position of its first case."""
    try:
        yield
    except SeriesmithClientError as error:
        if not start or error.field != "series":
            raise
        raise type(error)(f"{error.message} Add {start} to the case: the series went in pieces.", "series") from error

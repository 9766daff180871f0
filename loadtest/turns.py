"""Several ways to compute the same, timed in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

TURN_SECONDS = 0.2

Call = Callable[[], object]


def measure_rate(call: Call, rows: int) -> float:
    """Return rows per second of repeated calls, over a fifth of a second or one call."""
    calls, begun = 0, time.perf_counter()
    while calls == 0 or time.perf_counter() - begun < TURN_SECONDS:
        call()
        calls += 1
    return calls * rows / (time.perf_counter() - begun)


def measure_in_turns(ways: Mapping[str, Call], rows: int, rounds: int) -> dict[str, float]:
    """Return each way's rows per second: medians of rounds in which they take turns, after one that warms up."""
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds + 1):
        for way, call in ways.items():
            rates[way].append(measure_rate(call, rows))
    return {way: statistics.median(found[1:]) for way, found in rates.items()}

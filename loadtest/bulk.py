"""10 000 series in one request: series per second, and that the answer is right."""

from __future__ import annotations

import statistics
import time

from loadtest.cells import check
from loadtest.server import Running
from loadtest.wire import Array, Wire

N_SERIES = 10_000
WIRES = ("octet-stream", "Arrow", "v2 binary")


def measure_bulk_rate(running: Running, wire: Wire, data: Array, expected: Array, requests: int) -> float:
    """The median over `requests`, the first of which is checked and not counted. Raises `NotRun`."""
    check(running, wire, data, expected)
    message = wire.asked(data)
    seconds = []
    for _ in range(requests):
        begun = time.perf_counter()
        running.ask(wire, message)
        seconds.append(time.perf_counter() - begun)
    return len(data) / statistics.median(seconds)

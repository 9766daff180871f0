"""What is counted, named and labelled once, for every transport.

Writing to Prometheus' shared files costs more than many a request does, so that counts are kept here and written a few
times a second, and before this process is asked for them.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import Counter as Counts
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from prometheus_client import Counter, Gauge, Histogram

from models.errors import SeriesmithError

Values = tuple[str, ...]


class Tally:
    """A counter, by the values of its labels. Of the event loop's thread alone."""

    def __init__(self, counter: Counter) -> None:
        self._counter, self._pending = counter, defaultdict[Values, float](float)

    def inc(self, values: Values, amount: float = 1) -> None:
        """Count."""
        self._pending[values] += amount

    def write(self) -> None:
        """To Prometheus."""
        pending, self._pending = self._pending, defaultdict(float)
        for values, amount in pending.items():
            self._counter.labels(*values).inc(amount)


class Distribution:
    """A histogram, by the values of its labels. Of any thread."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram, self._pending = histogram, deque[tuple[Values, float]]()

    def observe(self, values: Values, amount: float) -> None:
        """Take one value into account."""
        self._pending.append((values, amount))

    @contextmanager
    def timed(self, *values: str) -> Iterator[None]:
        """Observe the seconds that the block takes."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.observe(values, time.perf_counter() - start)

    def write(self) -> None:
        """To Prometheus."""
        amounts = defaultdict[Values, list[float]](list)
        while self._pending:
            values, amount = self._pending.popleft()
            amounts[values].append(amount)
        for values, some in amounts.items():
            observe_all(self._histogram.labels(*values), some)


def observe_all(histogram: Histogram, amounts: list[float]) -> None:
    """`observe` each, at the cost of a few; by the fields that `Histogram.observe` itself adds to."""
    counts = Counts(bisect_left(histogram._upper_bounds, amount) for amount in amounts)
    histogram._sum.inc(sum(amounts))
    for bucket, count in counts.items():
        histogram._buckets[bucket].inc(count)


requests = Tally(Counter("seriesmith_requests", "Requests, by how they ended.", ["operation", "model", "outcome"]))
rows = Tally(Counter("seriesmith_rows", "Series received or made.", ["operation", "model"]))
batch_rows = Distribution(
    Histogram(
        "seriesmith_batch_rows",
        "Series per graph call.",
        ["operation", "model"],
        buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
    )
)
queue_rows = Gauge("seriesmith_queue_rows", "Series admitted and not answered yet.", multiprocess_mode="livesum")
inference_seconds = Distribution(
    Histogram(
        "seriesmith_inference_seconds",
        "Seconds per graph call.",
        ["operation", "model"],
        buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    )
)
samples = Tally(Counter("seriesmith_samples", "Series generated.", ["model", "class_label"]))
acceptance = Distribution(
    Histogram(
        "seriesmith_acceptance_ratio",
        "Share of proposals kept, per request and class.",
        ["model", "class_label"],
        buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0),
    )
)


def write(queued_rows: int) -> None:
    """Bring Prometheus' files up to date."""
    queue_rows.set(queued_rows)
    for metric in (requests, rows, batch_rows, inference_seconds, samples, acceptance):
        metric.write()


class Outcome:
    """How one request ends: counted by operation, model and outcome when the block ends.

    The outcome is "ok", "cancelled", or the code of the error. The model's name is set once it is known to exist. Where
    the answer goes on after the block, `streaming` is set, and `end` called when it is over.
    """

    def __init__(self, operation: str) -> None:
        self.operation, self.model, self.streaming = operation, "", False
        self._ended = False

    def __enter__(self) -> Outcome:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None or not self.streaming:
            self.end(error)

    def end(self, error: BaseException | None) -> None:
        """Count it, the first time."""
        if self._ended:
            return
        self._ended = True
        if error is None:
            ending = "ok"
        elif isinstance(error, SeriesmithError):
            ending = error.code
        else:
            left = isinstance(error, (ConnectionError, asyncio.CancelledError, GeneratorExit))
            ending = "cancelled" if left else "internal"
        requests.inc((self.operation, self.model, ending))

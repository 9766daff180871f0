"""The metrics of every transport, defined once and counted in this process's memory, which costs little."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from bundle.errors import SeriesmithError
from service.identity import Caller

Values = tuple[str, ...]
"""Of a metric's labels, in their order."""

Table = dict[Values, list[float]]
"""A metric's numbers: one of a counter or a gauge, of a histogram the count of each bucket and the sum."""

Numbers = dict[str, Table]
"""All metrics, by name."""


@dataclass(frozen=True)
class Metric:
    """How a metric is shown. A histogram's `bounds` are the upper ones of its buckets but the last, which has none."""

    name: str
    documentation: str
    labels: tuple[str, ...]
    kind: Literal["counter", "gauge", "histogram"]
    bounds: tuple[float, ...] = ()


class Tally:
    """A counter, by the values of its labels. Only the event loop's thread may use it."""

    def __init__(self, name: str, documentation: str, labels: tuple[str, ...]) -> None:
        self.metric = Metric(name, documentation, labels, "counter")
        self._totals = defaultdict[Values, float](float)
        INSTRUMENTS[name] = self

    def inc(self, values: Values, amount: float = 1) -> None:
        """Add `amount` to the count of these labels."""
        self._totals[values] += amount

    def read(self) -> Table:
        """Return the counts by label values."""
        return {values: [total] for values, total in self._totals.items()}


class Level:
    """A gauge, by the values of its labels. Only the event loop's thread may use it."""

    def __init__(self, name: str, documentation: str, labels: tuple[str, ...] = ()) -> None:
        self.metric = Metric(name, documentation, labels, "gauge")
        self._followed: Callable[[], Table] | None = None
        self._levels = defaultdict[Values, float](float)
        INSTRUMENTS[name] = self

    def add(self, values: Values, amount: float) -> None:
        """Add `amount`, which may be negative, to the level of these labels."""
        self._levels[values] += amount

    def follow(self, level: Callable[[], float]) -> None:
        """Call `level` whenever the gauge is read. The gauge must have no labels."""
        self._followed = lambda: {(): [float(level())]}

    def follow_values(self, list_values: Callable[[], Iterable[Values]]) -> None:
        """Call `list_values` whenever the gauge is read: the level of each is 1, and of no other there is any."""
        self._followed = lambda: {values: [1.0] for values in list_values()}

    def read(self) -> Table:
        """Return the current levels by label values."""
        if self._followed is not None:
            return self._followed()
        return {values: [level] for values, level in self._levels.items()}


class Distribution:
    """A histogram, by the values of its labels. Observed by any thread, read by the event loop's."""

    def __init__(self, name: str, documentation: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self.metric = Metric(name, documentation, labels, "histogram", bounds)
        self._pending = deque[tuple[Values, float]]()
        self._totals: Table = {}
        INSTRUMENTS[name] = self

    def observe(self, values: Values, amount: float) -> None:
        """Count one value in its bucket."""
        self._pending.append((values, amount))

    @contextmanager
    def measure_seconds(self, *values: str) -> Iterator[None]:
        """Observe the seconds that the block takes."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.observe(values, time.perf_counter() - start)

    def read(self) -> Table:
        """Return the buckets' counts and the sums by label values."""
        bounds = self.metric.bounds
        while self._pending:
            values, amount = self._pending.popleft()
            totals = self._totals.get(values)
            if totals is None:
                totals = self._totals[values] = [0.0] * (len(bounds) + 2)
            totals[bisect_left(bounds, amount)] += 1
            totals[-1] += amount
        return {values: list(totals) for values, totals in self._totals.items()}


class Sum:
    """Seconds, and how many things took them: a histogram of one bucket. Added by any thread, read by the loop's."""

    def __init__(self, name: str, documentation: str, labels: tuple[str, ...]) -> None:
        self.metric = Metric(name, documentation, labels, "histogram")
        self._pending = deque[tuple[Values, int, float]]()
        self._totals: Table = {}
        INSTRUMENTS[name] = self

    def add(self, values: Values, count: int, seconds: float) -> None:
        """Take so many things, and the seconds of all of them, into account."""
        self._pending.append((values, count, seconds))

    def read(self) -> Table:
        """All that was added."""
        while self._pending:
            values, count, seconds = self._pending.popleft()
            totals = self._totals.setdefault(values, [0.0, 0.0])
            totals[0] += count
            totals[1] += seconds
        return {values: list(totals) for values, totals in self._totals.items()}


INSTRUMENTS: dict[str, Tally | Level | Distribution | Sum] = {}
"""All that is counted here, by name."""

requests = Tally("seriesmith_requests", "Requests, by how they ended.", ("operation", "model", "outcome"))
key_requests = Tally("seriesmith_key_requests", "Requests of each API key, by how they ended.", ("key", "outcome"))
request_seconds = Distribution(
    "seriesmith_request_seconds",
    "Seconds from a request's head, or call, to the end of its answer.",
    ("operation", "model", "outcome"),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
requests_in_progress = Level("seriesmith_requests_in_progress", "Requests not answered yet.", ("operation",))
rows = Tally("seriesmith_rows", "Series received or made.", ("operation", "model"))
batch_rows = Distribution(
    "seriesmith_batch_rows",
    "Series per graph call.",
    ("operation", "model"),
    (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
queue_rows = Level("seriesmith_queue_rows", "Series admitted and not answered yet.")
held_bytes = Level("seriesmith_held_bytes", "Bytes held of requests and of answers, made or not read yet.")
connections = Level("seriesmith_connections", "Connections, over both transports.")
served = Level("seriesmith_served", "Workers that serve a version of a model.", ("model", "version"))
registry_behind = Level("seriesmith_registry_behind", "Workers whose models may not be in step with their registry.")
inference_seconds = Distribution(
    "seriesmith_inference_seconds",
    "Seconds per graph call.",
    ("operation", "model"),
    (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
queue_seconds = Sum(
    "seriesmith_queue_seconds",
    "Seconds that requests, and the pieces of large ones, waited for their graph call.",
    ("operation", "model"),
)
samples = Tally("seriesmith_samples", "Series generated.", ("model", "class_label"))
acceptance = Distribution(
    "seriesmith_acceptance_ratio",
    "Share of proposals kept, per request and class.",
    ("model", "class_label"),
    (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0),
)
cpu_seconds = Level("process_cpu_seconds", "Total user and system CPU time spent in seconds.")
cpu_seconds.metric = Metric(cpu_seconds.metric.name, cpu_seconds.metric.documentation, (), "counter")
cpu_seconds.follow(lambda: round(time.process_time(), 1))


def read_numbers() -> Numbers:
    """Return all counts of this process. Only the event loop's thread may call it."""
    return {name: instrument.read() for name, instrument in INSTRUMENTS.items()}


class Outcome:
    """How one request ends: counted by operation, model and outcome when the block ends.

    The outcome is "ok", "cancelled", or the code of the error. The model's name is set once it is known to exist. Where
    the answer goes on after the block, `streaming` is set, and `end` called when it is over. A request that is of no
    operation is not counted.
    """

    __slots__ = ("_caller", "_ended", "_start", "model", "operation", "streaming")

    def __init__(self, operation: str) -> None:
        self.operation, self.model = operation, ""
        self.streaming = self._ended = False
        self._caller: Caller | None = None
        self._start = time.perf_counter()
        if operation:
            requests_in_progress.add((operation,), 1)

    def name(self, operation: str) -> None:
        """Set the operation, once it is known."""
        self.operation = operation
        requests_in_progress.add((operation,), 1)

    def begin(self, caller: Caller) -> None:
        """Count the request for its caller until it ends. Raises `Overloaded` where the caller has too many."""
        caller.enter()
        self._caller = caller

    def __enter__(self) -> Outcome:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None or not self.streaming:
            self.end(error)

    def end(self, error: BaseException | None) -> None:
        """Count how the request ended; later calls do nothing."""
        if self._ended:
            return
        self._ended = True
        if self._caller is not None:
            self._caller.leave()
        if not self.operation:
            return
        if error is None:
            ending = "ok"
        elif isinstance(error, SeriesmithError):
            ending = error.code
        else:
            left = isinstance(error, (ConnectionError, asyncio.CancelledError, GeneratorExit))
            ending = "cancelled" if left else "internal"
        requests.inc((self.operation, self.model, ending))
        if self._caller is not None and self._caller.name:
            key_requests.inc((self._caller.name, ending))
        request_seconds.observe((self.operation, self.model, ending), time.perf_counter() - self._start)
        requests_in_progress.add((self.operation,), -1)

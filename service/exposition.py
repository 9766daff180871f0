"""What `/metrics` answers: our numbers in Prometheus' text format, also under the names that BentoML's dashboards use.

BentoML's own instruments count what passes through its middleware, which our paths do not; and they live in memory maps
of sparse files, which kill the process when the disk is full. So they are switched off, and what they would show of our
paths is derived from our numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import bentoml
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from bundle.errors import SeriesmithError
from service.metrics import INSTRUMENTS, Metric, Numbers, Table, request_seconds, requests_in_progress
from service.operations import OPERATIONS
from service.shared_numbers import SharedNumbers

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4.encode()

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

LEAST = {"process_start_time_seconds", "process_max_fds"}
"""Where several processes have one number each, the least is shown; of all else, the sum."""

CLIENT_LEFT = 499
"""Where no answer was sent, because nobody waited for it: as nginx logs it."""


async def render_metrics(shared: SharedNumbers, namespace: str) -> bytes:
    """The text of `/metrics`, over all workers; the names that BentoML's dashboards know begin with `namespace`."""
    context = bentoml.server_context
    runner = context.service_name or ""
    service = Service(namespace, context.bento_name or runner, context.bento_version, runner, OPERATIONS)
    numbers, pids = await shared.read_all()
    return render_numbers(numbers, service, pids)


class Service:
    """As whom BentoML's dashboards know this service: what its metrics begin with, and the values of its labels."""

    def __init__(self, namespace: str, name: str, version: str, runner: str, operations: Iterable[str]) -> None:
        self.namespace = namespace
        self.name, self.version, self.runner, self.operations = name, version, runner, tuple(operations)


def render_numbers(numbers: Numbers, service: Service, pids: Sequence[int]) -> bytes:
    """The text of `/metrics`; `pids` are the processes whose memory and descriptors are shown."""

    class Ours(Collector):
        def collect(self) -> Iterator[Any]:
            for name, instrument in INSTRUMENTS.items():
                yield _build_family(instrument.metric, numbers.get(name, {}))
            yield from _build_bentoml_families(numbers, service)
            yield from _build_process_families(pids)

    registry = CollectorRegistry()
    registry.register(Ours())
    return generate_latest(registry)


def _build_family(metric: Metric, table: Table) -> Family:
    labels = metric.labels
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.documentation, labels=labels)
        bounds = [*map(floatToGoString, metric.bounds), "+Inf"]
        for values, amounts in table.items():
            buckets = list(zip(bounds, accumulate(amounts[:-1]), strict=True))
            histogram.add_metric(values, buckets, sum_value=amounts[-1])
        return histogram
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.documentation, labels=labels)
    for values, (amount,) in table.items():
        family.add_metric(values, amount)
    return family


def _build_bentoml_families(numbers: Numbers, service: Service) -> Iterator[Family]:
    labels = ("endpoint", "service_name", "service_version", "runner_name")
    known = (service.name, service.version, service.runner)
    by_status: Table = {(f"/{name}", *known, str(code)): [] for name in service.operations for code in (200, 500)}
    for (operation, _, outcome), amounts in numbers.get(request_seconds.metric.name, {}).items():
        values = (f"/{operation}", *known, str(STATUS.get(outcome, 500)))
        before = by_status.get(values) or [0.0] * len(amounts)
        by_status[values] = [a + b for a, b in zip(before, amounts, strict=True)]
    with_status = (*labels, "http_response_code")
    yield _build_family(
        Metric(f"{service.namespace}_request", "Total number of requests", with_status, "counter"),
        {values: [sum(amounts[:-1])] for values, amounts in by_status.items()},
    )
    yield _build_family(
        Metric(
            f"{service.namespace}_request_duration_seconds",
            "Request duration in seconds",
            with_status,
            "histogram",
            request_seconds.metric.bounds,
        ),
        {values: amounts for values, amounts in by_status.items() if amounts},
    )
    yield _build_family(
        Metric(f"{service.namespace}_request_in_progress", "Number of requests in progress now", labels, "gauge"),
        {
            (f"/{operation}", *known): amounts
            for (operation,), amounts in numbers.get(requests_in_progress.metric.name, {}).items()
        },
    )


def _build_process_families(pids: Sequence[int]) -> Iterator[Family]:
    """Memory and descriptors of the processes; their CPU seconds are among our numbers, since those outlive them."""
    found: dict[str, tuple[str, list[float]]] = {}
    for pid in pids:
        for metric in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
            if metric.type == "gauge":
                found.setdefault(metric.name, (metric.documentation, []))[1].append(metric.samples[0].value)
    for name, (documentation, amounts) in found.items():
        yield GaugeMetricFamily(name, documentation, min(amounts) if name in LEAST else sum(amounts))


def _list_statuses(error: type[SeriesmithError]) -> Iterator[tuple[str, int]]:
    yield error.code, error.http_status
    for kind in error.__subclasses__():
        yield from _list_statuses(kind)


STATUS = {"ok": 200, "cancelled": CLIENT_LEFT} | dict(_list_statuses(SeriesmithError))
"""The HTTP status of every outcome."""

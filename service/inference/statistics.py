"""Triton's statistics extension, from what the metrics count: over every wire, worker and version of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service import metrics
from service.inference.models import Model, Models
from service.metrics import Numbers, Values

COMPUTATIONS = {"classify": ("classify", "typicality")}
"""Graph calls that an operation makes, where they do not have its name alone."""

NANOSECONDS = 1e9
NOTHING = {"count": 0, "ns": 0}
"""Of what is not measured (reading, writing), or does not exist (a cache)."""


async def describe_statistics(models: Models, name: str = "", version: str = "") -> dict[str, Any]:
    """Of a model, or of every model, each under the version asked for or its newest. Raises a `SeriesmithError`."""
    described = [models.find(name, version)] if name else models.find_newest()
    numbers, _ = await models.serving.numbers.read_all()
    return {"model_stats": [_build_entry(model, numbers) for model in described]}


def _build_entry(model: Model, numbers: Numbers) -> dict[str, Any]:
    operation, name = model.operation.name, model.manifest.name
    calls = [(computation, name) for computation in COMPUTATIONS.get(operation, (operation,))]
    ended = numbers.get(metrics.request_seconds.metric.name, {})
    outcomes = [values for values in ended if values[:2] == (operation, name)]
    success = [values for values in outcomes if values[2] == "ok"]
    fail = [values for values in outcomes if values[2] != "ok"]
    computed = _list_durations(numbers, metrics.inference_seconds, calls)
    return {
        "name": model.name,
        "version": model.version,
        "inference_count": round(sum(numbers.get(metrics.rows.metric.name, {}).get((operation, name), [0.0]))),
        "execution_count": computed["count"],
        "inference_stats": {
            "success": _list_durations(numbers, metrics.request_seconds, success),
            "fail": _list_durations(numbers, metrics.request_seconds, fail),
            "queue": _list_durations(numbers, metrics.queue_seconds, calls),
            "compute_input": NOTHING,
            "compute_infer": computed,
            "compute_output": NOTHING,
            "cache_hit": NOTHING,
            "cache_miss": NOTHING,
        },
        "batch_stats": [],
    }


def _list_durations(
    numbers: Numbers, instrument: metrics.Distribution | metrics.Sum, wanted: Iterable[Values]
) -> dict[str, int]:
    """How many there are, and how long they took together, of a histogram's labels."""
    table = numbers.get(instrument.metric.name, {})
    amounts = [table[values] for values in wanted if values in table]
    return {
        "count": round(sum(sum(one[:-1]) for one in amounts)),
        "ns": round(sum(one[-1] for one in amounts) * NANOSECONDS),
    }

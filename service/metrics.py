"""What is counted, named and labelled once, for every transport."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from models.errors import SeriesmithError

requests = Counter("seriesmith_requests", "Requests, by how they ended.", ["operation", "model", "outcome"])
rows = Counter("seriesmith_rows", "Series received or made.", ["operation", "model"])
batch_rows = Histogram(
    "seriesmith_batch_rows",
    "Series per graph call.",
    ["operation", "model"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
queue_rows = Gauge("seriesmith_queue_rows", "Series admitted and not answered yet.", multiprocess_mode="livesum")
inference_seconds = Histogram(
    "seriesmith_inference_seconds",
    "Seconds per graph call.",
    ["operation", "model"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
samples = Counter("seriesmith_samples", "Series generated.", ["model", "class_label"])
acceptance = Histogram(
    "seriesmith_acceptance_ratio",
    "Share of proposals kept, per request and class.",
    ["model", "class_label"],
    buckets=(0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0),
)


class Outcome:
    """The labels of one request; the model's name is set once it is known to exist."""

    def __init__(self) -> None:
        self.model = ""


@contextmanager
def counted(operation: str) -> Iterator[Outcome]:
    """Count one request by operation, model and outcome: "ok", "cancelled", or the code of the error that ended it."""
    outcome = Outcome()
    ending = "internal"
    try:
        yield outcome
        ending = "ok"
    except SeriesmithError as error:
        ending = error.code
        raise
    except (ConnectionError, asyncio.CancelledError):
        ending = "cancelled"
        raise
    finally:
        requests.labels(operation, outcome.model, ending).inc()

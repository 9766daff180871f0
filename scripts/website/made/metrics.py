"""Metrics of the service, as `/metrics` shows them."""

from __future__ import annotations

from scripts.website.tables import as_code, make_table
from service.metrics import INSTRUMENTS, Metric

import studio.admitting  # isort: skip  # noqa: F401  # it has a metric of its own

PAGE = """# Metrics

`GET /metrics` shows them in Prometheus' format, summed over the workers of a server. Model names in labels are those
of models that are served, and of no other. [Alerts and a dashboard](../deploy/README.md) come with the deployment.

{metrics}

A histogram has the series `_bucket`, `_sum` and `_count`.

## Buckets

{buckets}
"""


def make_pages() -> dict[str, str]:
    """Make the page of all metrics."""
    metrics = [instrument.metric for instrument in INSTRUMENTS.values()]
    rows = [
        (as_code(_show_name(one)), one.kind, ", ".join(map(as_code, one.labels)), one.documentation) for one in metrics
    ]
    buckets = [(as_code(one.name), ", ".join(f"{bound:g}" for bound in one.bounds)) for one in metrics if one.bounds]
    listed = make_table(("metric", "kind", "labels", "meaning"), rows)
    return {
        "reference/metrics.md": PAGE.format(metrics=listed, buckets=make_table(("histogram", "upper bounds"), buckets))
    }


def _show_name(metric: Metric) -> str:
    return metric.name + ("_total" if metric.kind == "counter" else "")

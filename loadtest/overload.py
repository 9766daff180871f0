"""256 clients that never pause, against a server that can answer 3 200 series per second."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from loadtest.cells import build_client_command, prepare, run_client
from loadtest.ours import WIRES, describe_ours
from loadtest.payloads import make_series
from loadtest.peers.graph import open_classifier
from loadtest.plan import Plan
from loadtest.results import Overload
from loadtest.server import run_server

CAPACITY = 3200.0
CLIENTS = 256
LIMITS = {"batch_rows": 64, "max_rows": 128, "queue_rows": 128}
"""Batches of 64, as in `CAPACITY`'s making; one runs and one waits, so that half the clients find the queue full."""


def measure_overload(plan: Plan, folder: Path) -> list[Overload]:
    """One server, loaded several times over JSON. Raises `NotRun`."""
    data = make_series()
    server = describe_ours("Seriesmith, slowed", "loadtest.slowed:Seriesmith", WIRES[:1], **LIMITS)
    with run_server(server, Path(sys.executable).parent) as slow:
        ready = prepare(slow, server.wires[0], data, open_classifier()(data), folder)
        load = {"clients": CLIENTS, "seconds": plan.overload_seconds, "warm_up": 1.0}
        command = build_client_command("loadtest.clients.http_loop", port=slow.http, requests=ready.requests, **load)
        return [_summarise(run_client(command)) for _ in range(plan.overload_rounds)]


def _summarise(said: dict[str, Any]) -> Overload:
    nothing = {"requests": 0, "p50_ms": 0.0, "p99_ms": 0.0}
    statuses = said["statuses"]
    answered, refused = statuses.get("200", nothing), statuses.get("429", nothing)
    n_requests = sum(status["requests"] for status in statuses.values())
    return Overload(
        capacity=CAPACITY,
        answered_per_second=answered["requests"] / said["seconds"],
        answered_p99_ms=answered["p99_ms"],
        refused_per_second=refused["requests"] / said["seconds"],
        refused_p50_ms=refused["p50_ms"],
        refused_p99_ms=refused["p99_ms"],
        failed=n_requests - answered["requests"] - refused["requests"],
        client_us=said["cpu_seconds"] / n_requests * 1e6,
    )

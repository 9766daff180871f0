"""The capacity curve: answers per second, p50 and p99 against offered load, from a client that does not wait.

Requests are due at the times of a Poisson process. Latency counts from when a request was due, so that a server which
stalls is charged for everything that the stall held up. Beyond what a server can do, the curve ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtest.cells import Prepared, build_client_command, prepare, run_client
from loadtest.payloads import make_series
from loadtest.peers.graph import open_classifier
from loadtest.plan import Plan
from loadtest.results import Point, Results
from loadtest.server import NotRun, Running, Server, run_server
from loadtest.targets import OURS

CONNECTIONS = 128
DRAWN = {
    ("Seriesmith", "JSON"),
    ("Seriesmith", "v2 binary"),
    ("mosec", "JSON"),
    ("PyTriton", "v2 binary"),
    ("BentoML batchable", "JSON"),
}
KEEPS_UP = 0.9
"""Below this share of the offered load, higher loads are not tried."""


def measure_curves(servers: list[tuple[Server, Path]], plan: Plan, results: Results, folder: Path) -> None:
    """A curve for each of `DRAWN`, its server alone on the machine. Raises `NotRun` when a server does not start."""
    data = make_series()
    expected = open_classifier()(data)
    for server, interpreter in servers:
        drawn = DRAWN if plan.every_cell else {(OURS, "JSON")}
        wires = [wire for wire in server.wires if (server.name, wire.name) in drawn]
        if not wires:
            continue
        with run_server(server, interpreter) as started:
            for wire in wires:
                try:
                    results.curve += _measure_curve(started, prepare(started, wire, data, expected, folder), plan)
                except NotRun as error:
                    results.not_run[f"capacity curve, {server.name}, {wire.name}"] = str(error)


def _measure_curve(started: Running, ready: Prepared, plan: Plan) -> list[Point]:
    """Points at ascending rates, the last of which may be the first that it does not keep up with."""
    points: list[Point] = []
    for rate in plan.curve_rates:
        points.append(_measure_point(started, ready, rate, plan.curve_seconds))
        if points[-1].answered < KEEPS_UP * rate:
            break
    return points


def _measure_point(running: Running, ready: Prepared, rate: int, seconds: float) -> Point:
    load = {"clients": CONNECTIONS, "seconds": seconds, "warm_up": min(1.0, seconds / 2), "rate": rate}
    command = build_client_command("loadtest.clients.http_loop", port=running.http, requests=ready.requests, **load)
    said: dict[str, Any] = run_client(command)
    good = said["statuses"].get("200", {"requests": 0})["requests"]
    return Point(
        server=running.server.name,
        wire=ready.wire.name,
        offered=said["requests"] / seconds,
        answered=good / seconds,
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        not_200=said["requests"] - said["unanswered"] - good,
    )

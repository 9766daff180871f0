"""What is to be reached, and what was: medians over the rounds of one run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loadtest.results import Outcome, Results, Target

OURS = "Seriesmith"
TWO_WORKERS = "Seriesmith, 2 workers"
TAIL_WIRES = ("JSON", "octet-stream", "v2 binary", "gRPC ModelInfer")
Cell = tuple[str, str, int]
"""Server, wire, clients."""


@dataclass(frozen=True)
class Ratio:
    """Our rate over a peer's, wire against wire, at least so much by number of clients."""

    wire: str
    peer: str
    peer_wire: str
    at_least: dict[int, float]


RATIOS = (
    Ratio("JSON", "BentoML batchable", "JSON", {16: 8.0, 64: 8.0}),
    Ratio("JSON", "LitServe", "JSON", {16: 8.0, 64: 8.0}),
    Ratio("JSON", "MLServer", "v2 JSON", {16: 5.0, 64: 5.0}),
    Ratio("v2 binary", "PyTriton", "v2 binary", {1: 8.0, 16: 4.0, 64: 2.5}),
    Ratio("JSON", "mosec", "JSON", {1: 6.0, 16: 1.8, 64: 1.0}),
    Ratio("gRPC ModelInfer", "PyTriton", "gRPC ModelInfer", {1: 4.0, 16: 1.3, 64: 1.3}),
    Ratio("gRPC ModelInfer", "MLServer", "gRPC ModelInfer", {1: 4.0, 16: 1.3, 64: 1.3}),
)


def list_needed() -> set[Cell]:
    """The cells without which a target could not be judged."""
    ours = {(OURS, ratio.wire, clients) for ratio in RATIOS for clients in ratio.at_least}
    theirs = {(ratio.peer, ratio.peer_wire, clients) for ratio in RATIOS for clients in ratio.at_least}
    tails = {(OURS, wire, 64) for wire in TAIL_WIRES}
    return ours | theirs | tails | {(TWO_WORKERS, "JSON", 64)}


def judge_targets(results: Results) -> list[Target]:
    """Every target with what was measured."""
    cells = group_by_cell(results.outcomes)
    return [
        *_judge_ratios(cells),
        *_judge_tails(cells),
        *_judge_bulk(results),
        *_judge_alone(results),
        _judge_workers(cells),
    ]


def group_by_cell(outcomes: Iterable[Outcome]) -> dict[Cell, list[Outcome]]:
    """The rounds of each cell."""
    cells: dict[Cell, list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.server, outcome.wire, outcome.clients), []).append(outcome)
    return cells


def compute_median(items: Iterable[Any], name: str) -> float | None:
    """Of one field; None of nothing."""
    values = [getattr(item, name) for item in items]
    return float(statistics.median(values)) if values else None


def _divide(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _judge_ratios(cells: dict[Cell, list[Outcome]]) -> Iterable[Target]:
    for ratio in RATIOS:
        for clients, bound in ratio.at_least.items():
            ours = compute_median(cells.get((OURS, ratio.wire, clients), []), "per_second")
            theirs = compute_median(cells.get((ratio.peer, ratio.peer_wire, clients), []), "per_second")
            name = f"{ratio.wire} against {ratio.peer} {ratio.peer_wire}, {clients} clients: ratio of req/s"
            yield Target(name.replace(" 1 clients", " 1 client"), bound, True, _divide(ours, theirs))


def _judge_tails(cells: dict[Cell, list[Outcome]]) -> Iterable[Target]:
    for wire in TAIL_WIRES:
        rounds = [outcome.p99_ms / outcome.p50_ms for outcome in cells.get((OURS, wire, 64), [])]
        yield Target(f"{wire}, 64 clients: p99 / p50", 2.5, False, statistics.median(rounds) if rounds else None)


def _judge_bulk(results: Results) -> Iterable[Target]:
    for wire in ("octet-stream", "Arrow", "v2 binary"):
        rounds = [bulk.series_per_second / bulk.limit_per_second for bulk in results.bulk if bulk.wire == wire]
        name = f"10 000 series in one request, {wire}: series/s over raw onnxruntime"
        yield Target(name, 0.9, True, statistics.median(rounds) if rounds else None)


def _judge_alone(results: Results) -> Iterable[Target]:
    streams, overloads = results.streamed, results.overload
    rates = [stream.series_per_second / stream.limit_per_second for stream in streams]
    n_series = f"{streams[0].series:_}".replace("_", " ") if streams else "100 000"
    stream = f"/sample of {n_series} series, streamed"
    yield Target(f"{stream}: series/s over raw generation", 0.85, True, statistics.median(rates) if rates else None)
    yield Target(f"{stream}: growth of memory, MB", 150, False, compute_median(streams, "grown_mb"))
    shares = [overload.answered_per_second / overload.capacity for overload in overloads]
    yield Target("overload: answered over capacity", 0.95, True, statistics.median(shares) if shares else None)
    yield Target("overload: p99 of a refusal, ms", 20, False, compute_median(overloads, "refused_p99_ms"))
    starts = results.start_seconds
    yield Target("start to ready, s", 4, False, statistics.median(starts) if starts else None)


def _judge_workers(cells: dict[Cell, list[Outcome]]) -> Target:
    one = compute_median(cells.get((OURS, "JSON", 64), []), "per_second")
    two = compute_median(cells.get((TWO_WORKERS, "JSON", 64), []), "per_second")
    return Target("two workers against one, JSON, 64 clients: ratio of req/s", None, True, _divide(two, one))

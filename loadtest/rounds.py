"""The interleaved rounds: every round visits every server, and the order turns, so that drift falls on all alike.

All servers are started once, since starting seven of them anew in each round would take longer than measuring them.
While one is measured the others are stopped by a signal, so that they use no CPU at all: some poll when idle.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest import targets
from loadtest.bulk import N_SERIES, WIRES, measure_bulk_rate
from loadtest.cells import Prepared, build_client_command, measure_cell, prepare, run_client
from loadtest.payloads import make_series
from loadtest.peers.graph import open_classifier
from loadtest.plan import CLIENTS, Plan
from loadtest.results import Bulk, Results
from loadtest.server import NotRun, Running, Server, run_server
from loadtest.wire import Array


@dataclass(frozen=True)
class Entrant:
    """A server that runs, with the wires whose answers were right."""

    running: Running
    prepared: tuple[Prepared, ...]


def interleave(servers: list[tuple[Server, Path]], plan: Plan, results: Results, folder: Path) -> None:
    """Run all rounds and put what they found, and what could not be measured, into `results`."""
    data = make_series()
    expected = open_classifier()(data)
    with ExitStack() as stack:
        entrants = []
        for server, interpreter in servers:
            say(f"starting {server.name}")
            try:
                started = stack.enter_context(run_server(server, interpreter))
                entrants.append(_enter(started, data, expected, folder, results))
                started.hold()
            except NotRun as error:
                results.not_run[server.name] = str(error)
        for round_ in range(plan.rounds):
            _run_round(entrants[round_:] + entrants[:round_], round_, plan, results)
        for entrant in entrants:
            entrant.running.resume()


def say(text: str) -> None:
    """Progress, apart from results."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _enter(started: Running, data: Array, expected: Array, folder: Path, results: Results) -> Entrant:
    ready = []
    for wire in started.server.wires:
        try:
            ready.append(prepare(started, wire, data, expected, folder))
        except NotRun as error:
            results.not_run[f"{started.server.name}, {wire.name}"] = str(error)
    return Entrant(started, tuple(ready))


def _run_round(entrants: list[Entrant], round_: int, plan: Plan, results: Results) -> None:
    limits = run_client([*build_client_command("loadtest.limit", seconds=plan.limit_seconds), "classify"])
    results.limits.append(limits)
    for entrant in entrants:
        say(f"round {round_ + 1} of {plan.rounds}: {entrant.running.server.name}")
        with _wake(entrant.running):
            for ready in entrant.prepared:
                _visit(entrant.running, ready, round_, plan, results)
            if entrant.running.server.name == targets.OURS:
                _measure_bulk(entrant, round_, plan, max(limits.values()), results)


@contextmanager
def _wake(server: Running) -> Iterator[None]:
    server.resume()
    try:
        yield
    finally:
        server.hold()


def _visit(server: Running, ready: Prepared, round_: int, plan: Plan, results: Results) -> None:
    name, wire = server.server.name, ready.wire.name
    cells = [clients for clients in CLIENTS if plan.every_cell or (name, wire, clients) in targets.list_needed()]
    if name == targets.TWO_WORKERS:
        cells = [64]
    try:
        if plan.warm_up_seconds and cells:
            measure_cell(server, ready, max(cells), round_, plan.warm_up_seconds)
        for clients in cells:
            results.outcomes.append(measure_cell(server, ready, clients, round_, plan.cell_seconds))
    except NotRun as error:
        results.not_run[f"{name}, {wire}, round {round_ + 1}"] = str(error)


def _measure_bulk(entrant: Entrant, round_: int, plan: Plan, limit: float, results: Results) -> None:
    data = make_series(N_SERIES)
    expected = open_classifier()(data)
    for ready in entrant.prepared:
        if ready.wire.name not in WIRES:
            continue
        try:
            rate = measure_bulk_rate(entrant.running, ready.wire, data, expected, plan.bulk_requests)
            results.bulk.append(Bulk(ready.wire.name, round_, rate, limit))
        except NotRun as error:
            results.not_run[f"{targets.OURS}, {ready.wire.name}, {N_SERIES} series"] = str(error)

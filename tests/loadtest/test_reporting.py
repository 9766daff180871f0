"""From outcomes to targets, a table and a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtest import plot, report, targets
from loadtest.results import Bulk, Outcome, Overload, Point, Results, Streamed
from loadtest.soak import Minute, verdicts

CELL = Outcome("Seriesmith", "JSON", 64, 0, 1000, 8000.0, 8.0, 16.0, 10.0, 120.0)


@pytest.fixture
def results() -> Results:
    """Three rounds of us, one of a peer, and one of everything else."""
    machine = {"processor": "a processor", "cores": "2", "memory": "8 GiB", "system": "s", "date": "d", "seconds": "1"}
    found = Results("quick", "make bench QUICK=1", machine)
    found.limits = [{"1": 1000.0, "64": 2000.0}]
    found.outcomes = [replace(CELL, round=n, per_second=rate) for n, rate in enumerate((100.0, 8000.0, 9000.0))]
    found.outcomes.append(replace(CELL, server="LitServe", per_second=500.0))
    found.bulk = [Bulk("Arrow", 0, 950.0, 1000.0)]
    found.streamed = [Streamed(1000, 80.0, 100.0, 30.0)]
    found.overload = [Overload(3200.0, 3100.0, 40.0, 5000.0, 1.0, 25.0, 0, 30.0)]
    found.start_seconds = [2.0, 5.0, 3.0]
    found.curve = [Point("Seriesmith", "JSON", 100.0, 99.0, 1.0, 2.0, 0)]
    found.not_run = {"PyTriton": "its environment could not be made: no wheel"}
    found.targets = targets.judged(found)
    return found


def test_targets_are_judged_by_medians(results: Results):
    judged = {target.measure: target for target in results.targets}
    ratio = judged["JSON against LitServe JSON, 64 clients: ratio of req/s"]
    assert (ratio.value, ratio.met) == (16.0, True)
    assert judged["JSON, 64 clients: p99 / p50"].met is True
    assert judged["10 000 series in one request, Arrow: series/s over raw onnxruntime"].value == pytest.approx(0.95)
    assert judged["/sample of 1 000 series, streamed: series/s over raw generation"].met is False
    assert judged["overload: p99 of a refusal, ms"].met is False
    assert judged["start to ready, s"].value == 3.0


def test_what_was_not_measured_is_neither_met_nor_missed(results: Results):
    unknown = [target for target in results.targets if "mosec" in target.measure]
    assert len(unknown) == 3 and all(target.value is None and target.met is None for target in unknown)


def test_the_quick_plan_measures_what_targets_need():
    cells = targets.needed()
    assert ("PyTriton", "v2 binary", 1) in cells and ("mosec", "JSON", 16) in cells
    assert ("LitServe", "JSON", 1) not in cells


def test_results_come_back_as_they_were_saved(results: Results, tmp_path: Path):
    results.save(tmp_path / "bench.json")
    assert Results.load(tmp_path / "bench.json") == results


def test_the_table_holds_every_server_and_says_what_did_not_run(results: Results):
    table = report.table(results)
    assert "| Seriesmith | JSON |  |  | 8000 (8 / 16) | 10 | 120 |" in table
    assert "| LitServe | JSON |  |  | 500 (8 / 16) |" in table
    assert "| PyTriton | its environment could not be made: no wheel |" in table
    assert table.count("not measured") == sum(target.value is None for target in results.targets)


def test_there_is_a_picture(results: Results, tmp_path: Path):
    plot.drawn(results, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_soak_fails_on_a_leak_a_failure_or_a_slowdown():
    steady = [Minute(100, 0, 1.0, 5.0, 300.0)] * 6
    assert all(verdict.holds for verdict in verdicts(steady))
    leaked = [replace(minute, resident_mb=300.0 + 20 * n) for n, minute in enumerate(steady)]
    failed = [*steady[:-1], replace(steady[0], not_200=1)]
    slowed = steady[:3] + [replace(minute, p99_ms=50.0) for minute in steady[3:]]
    for minutes, held in ((leaked, [True, False, True]), (failed, [False, True, True]), (slowed, [True, True, False])):
        assert [verdict.holds for verdict in verdicts(minutes)] == held

"""From outcomes to targets, a table and a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtest import plot, report, targets
from loadtest.results import Bulk, Outcome, Overload, Point, Results, Streamed
from loadtest.soak.judging import Load, Minute, judge, write_table

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
    found.targets = targets.judge_targets(found)
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
    cells = targets.list_needed()
    assert ("PyTriton", "v2 binary", 1) in cells and ("mosec", "JSON", 16) in cells
    assert ("LitServe", "JSON", 1) not in cells


def test_results_come_back_as_they_were_saved(results: Results, tmp_path: Path):
    results.save(tmp_path / "bench.json")
    assert Results.load(tmp_path / "bench.json") == results


def test_the_table_holds_every_server_and_says_what_did_not_run(results: Results):
    table = report.write_report(results)
    assert "| Seriesmith | JSON |  |  | 8000 (8 / 16) | 10 | 120 |" in table
    assert "| LitServe | JSON |  |  | 500 (8 / 16) |" in table
    assert "| PyTriton | its environment could not be made: no wheel |" in table
    assert table.count("not measured") == sum(target.value is None for target in results.targets)


def test_there_is_a_picture(results: Results, tmp_path: Path):
    plot.draw_picture(results, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


STEADY = Minute(100, 100, 0, 0, 0, 1.0, 5.0, 300.0, 80, 12, 7, 6)
LOAD = Load(capacity=1000.0, rate=700.0, renewed_seconds=10.0, server_cores=0.98)


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({}, None),
        ({"right": 99, "refused": 1}, "every request was answered right"),
        ({"right": 99}, "every request was answered right"),
        ({"version": 2}, "new versions were served"),
        ({"resident_mb": 320.0}, "memory grew by at most 5%"),
        ({"p99_ms": 10.0}, "p99 is at most 1.5 times as long, and 2 ms"),
        ({"descriptors": 90}, "at most 8 descriptors more"),
        ({"threads": 15}, "at most 2 threads more"),
    ],
)
def test_a_soak_fails_when_its_last_third_is_worse_than_its_middle(changes: dict[str, Any], failing: str | None):
    """The first third is for warming up: whatever it was like, it does not count but for wrong answers."""
    warming = replace(STEADY, p99_ms=500.0, resident_mb=200.0, descriptors=10, threads=5)
    minutes = [warming] * 2 + [STEADY] * 2 + [replace(STEADY, **changes)] * 2
    assert [verdict.claim for verdict in judge(minutes) if not verdict.holds] == ([failing] if failing else [])


def test_a_soak_of_two_minutes_compares_them():
    assert all(verdict.holds for verdict in judge([STEADY] * 2))
    table = write_table([STEADY, replace(STEADY, resident_mb=400.0)], LOAD, "a machine", "A mix.")
    assert "| memory grew by at most 5% | 400.0 MB after 300.0 MB | **no** |" in table
    assert "70% of the 1000" in table and "| 2 | 100 | 100 | 0 | 0 | 0 | 1.0 | 5.0 | 400.0 | 80 | 12 | 6 |" in table

"""The benchmark of sampling measures bundles in turns, and accounts for all of the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.sampling import REST, main, measure_costs, write_table


def test_the_time_of_a_series_is_that_of_the_graphs_that_sampling_runs_and_a_rest(repository: Path) -> None:
    costs = measure_costs(repository / "sines" / "1", 20)
    assert set(costs) == {"mixture", "decoder", "texture", "classifier", REST}
    assert min(costs.values()) > 0 and sum(costs.values()) < 1e6


def test_a_ratio_is_that_of_the_rounds_and_not_of_the_medians() -> None:
    rates = [[100.0, 200.0], [10.0, 30.0], [1000.0, 2000.0]]
    table = write_table([Path("a/1"), Path("a/2")], rates, [{"texture": 75.0, REST: 25.0}] * 2)
    assert table.splitlines()[2:] == [
        "| a/1 | 100 | 1.00 | 100: texture 75, all else 25 |",
        "| a/2 | 200 | 2.00 | 100: texture 75, all else 25 |",
    ]


def test_the_command_prints_a_line_for_each_bundle(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(repository / "sines" / "1")
    main([folder, folder, "--rounds", "1", "--count", "4", "--threads", "2"])
    assert capsys.readouterr().out.count("| sines/1 |") == 2

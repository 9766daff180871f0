"""The benchmark of sampling measures bundles in turns, and accounts for all of the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.sampling import REST, main, measure_shares, write_table


def test_the_shares_of_the_time_are_those_of_the_graphs_that_sampling_runs(repository: Path) -> None:
    shares = measure_shares(repository / "sines" / "1", 20)
    assert set(shares) == {"mixture", "decoder", "texture", "classifier", REST}
    assert min(shares.values()) > 0 and sum(shares.values()) == pytest.approx(1)


def test_a_ratio_is_that_of_the_rounds_and_not_of_the_medians() -> None:
    rates = [[100.0, 200.0], [10.0, 30.0], [1000.0, 2000.0]]
    table = write_table([Path("a/1"), Path("a/2")], rates, [{"texture": 0.75, REST: 0.25}] * 2)
    assert table.splitlines()[2:] == [
        "| a/1 | 100 | 1.00 | texture 75%, all else 25% |",
        "| a/2 | 200 | 2.00 | texture 75%, all else 25% |",
    ]


def test_the_command_prints_a_line_for_each_bundle(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(repository / "sines" / "1")
    main([folder, folder, "--rounds", "1", "--count", "4", "--threads", "2"])
    assert capsys.readouterr().out.count("| sines/1 |") == 2

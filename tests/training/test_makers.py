"""A fit becomes a row of measures, and rows become a table of means over the seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.evaluation import makers

FLAGS = ("--dataset=harmonic", "--generator.n-cases=24", "--generator.n-timepoints=24", "--classifier.steps=30")


def make_row(dataset: str, seed: int, seconds: float) -> makers.Row:
    """A row of nothing but its seconds."""
    return makers.Row(dataset, "gan", seed, seconds, *[0.5] * 11)


def test_a_table_has_the_means_over_the_seeds(tmp_path: Path) -> None:
    for row in (make_row("one", 0, 10.0), make_row("two", 0, 4.0), make_row("one", 1, 20.0)):
        makers.append_row(tmp_path / "rows.csv", row)
    head, _, first, second = makers.write_table(tmp_path / "rows.csv").splitlines()
    assert head.startswith("| dataset | family | seeds | seconds | acceptance | discriminative_score |")
    assert first.startswith("| one | gan | 2 | 15 | 0.5 |") and second.startswith("| two | gan | 1 | 4 | 0.5 |")


@pytest.mark.long
def test_the_command_fits_and_appends_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.csv"
    assert makers.main([str(file), *FLAGS, "--generator=flow", "--generator.steps=20"]) == 0
    assert "| harmonic | flow --generator.steps=20 | 1 |" in capsys.readouterr().out
    assert makers.main([str(file), *FLAGS, "--generator=nope"]) == 2
    assert "must be one of" in capsys.readouterr().err

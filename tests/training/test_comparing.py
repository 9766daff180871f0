"""`seriesmith compare` fits every family to the same datasets; tables and pages say what was measured, and what not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.compare import main
from training.comparing.entries import PLAIN, list_entries
from training.comparing.rows import FILE, SERVED, Row, Served
from training.comparing.table import HEAD, average_lines, build_lines, format_line
from training.evaluation.results import read

ROW = Row("pumps", PLAIN, 0, 9, 8, 0.75, 0.75, None, None, None, None, None, None, 9.0, 1_000_000, "")


def make_row(entry: str, accuracy: float | None, seed: int = 0, ended: str = "", score: float | None = None) -> Row:
    return replace(ROW, entry=entry, accuracy=accuracy, seed=seed, ended=ended, discriminative_score=score)


def get_cell(cells: tuple[str, ...], column: str) -> str:
    return cells[HEAD.index(column)]


def test_every_family_that_makes_series_or_classifies_is_an_entry() -> None:
    entries = list_entries()
    assert {"vae-convolutional", "generator-energy_score", "classifier-fcn", "classifier-ridge"} <= set(entries)
    assert PLAIN in entries
    assert not any("stored" in name for name in entries)


def test_uplift_is_paired_by_seed_with_the_same_classifier_on_real_cases_alone() -> None:
    plain = [make_row(PLAIN, 0.5), make_row(PLAIN, 0.7, seed=1)]
    made = [make_row("vae-dense", 0.6), make_row("vae-dense", 0.9, seed=1), make_row("vae-dense", 1.0, seed=2)]
    lines = build_lines([*plain, *made], [])
    assert lines[1].values["uplift"] == pytest.approx((10 + 20) / 2)
    assert lines[0].values["uplift"] is None


def test_a_mean_is_over_datasets_that_every_family_of_the_kind_was_measured_on() -> None:
    one = build_lines([make_row("vae-dense", 1.0, score=0.4), make_row("vae-trend", 0.5, score=0.2)], [])
    other = build_lines([make_row("vae-dense", 0.0, score=0.0), make_row("vae-trend", None, ended="too slow")], [])
    dense, trend = average_lines([one, other])
    assert (dense.values["accuracy"], trend.values["accuracy"]) == (1.0, 0.5)
    assert (dense.values["discriminative_score"], trend.values["discriminative_score"]) == (0.4, 0.2)
    assert other[1].ended == ("too slow",)


def test_the_cells_are_rounded_and_a_dash_where_there_is_nothing() -> None:
    [line] = build_lines(
        [make_row("generator-gan", 0.875, score=0.456)], [Served("pumps", "generator-gan", 0, 812.4, 0.5)]
    )
    cells = format_line(line)
    assert get_cell(cells, "accuracy") == "87.5 %"
    assert get_cell(cells, "discriminative (floor)") == "0.46"
    assert (get_cell(cells, "series/s"), get_cell(cells, "classify, ms")) == ("812", "0.50")
    assert (get_cell(cells, "R²"), get_cell(cells, "uplift, points"), get_cell(cells, "MB")) == ("–", "–", "1.0")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--families", "vae-absent", "--dataset", "sines"], "'vae-absent'"),
        (["--dataset", "NoSuchGenerator", "--data", "absent"], "absent"),
        ([], "no dataset is named"),
        (["--plan", "absent.toml"], "absent.toml"),
        (["--dataset", "sines", "--budget-seconds", "0"], "--budget-seconds"),
    ],
)
def test_what_can_be_refused_is_refused_before_anything_is_fitted(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "out"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("plan", ["datasets = 3", "[datasets]", "[datasets]\nA = 'x'", "[datasets]\na = 3", "[", "[x]"])
def test_a_plan_that_is_none_is_refused_with_an_example(
    plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(plan)
    assert main(["--out", str(tmp_path / "out"), "--plan", str(file)]) == 2
    assert "--plan" in capsys.readouterr().err


@pytest.mark.reliability
def test_a_comparison_fits_serves_and_draws_and_goes_on_where_it_was_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[datasets]\nwaves = "--dataset sines --working-timepoints 16"\n')
    out = tmp_path / "out"
    common = ["--out", str(out), "--plan", str(plan), "--workers", "1"]
    assert main([*common, "--families", "generator-energy_score", "--no-serve"]) == 0
    first = (out / FILE).read_text()
    assert main([*common, "--families", "generator-energy_score", "classifier-ridge"]) == 0
    assert (out / FILE).read_text().startswith(first)
    rows = {row.entry: row for row in read(out / FILE, Row)}
    assert rows["classifier-ridge"].accuracy is not None
    assert rows["generator-energy_score"].tstr_ratio is not None
    assert rows["generator-energy_score"].reconstruction is None
    assert all(served.series_per_second for served in read(out / SERVED, Served))
    assert (out / "pictures" / "waves.png").stat().st_size > 5000
    page = (out / "comparison.html").read_text()
    assert "generator-energy_score" in page and "data:image/png" in page
    assert "| generator-energy_score |" in (out / "table.md").read_text()
    assert main([*common, "--families", "classifier-fcn", "--budget-seconds", "0.5", "--no-serve"]) == 0
    assert "over the budget of 0.5 CPU seconds" in capsys.readouterr().out

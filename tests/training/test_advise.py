"""Advice speaks of what was measured, with its error, and refuses in words what it cannot speak of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.advise import main
from training.advising.evidence import Measurement, read_evidence, write_evidence
from training.advising.features import compute_features
from training.advising.model import Examples, fit_forecast, leave_out, predict_mean
from training.advising.refit import build_evidence
from training.advising.regimes import Share, compute_base_rate, find_regime
from training.console import main as run_console


def draw_examples(slope: float, seed: int = 0) -> Examples:
    """Two measurements of each of 20 datasets: the uplift is `slope` times the first of six features, and noise."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(40, 6))
    uplift = slope * features[:, 0] + random.normal(size=40)
    return Examples(features, uplift, np.repeat([f"set {number}" for number in range(20)], 2))


def measure_errors(examples: Examples) -> tuple[float, float]:
    """Mean absolute errors on datasets left out, of the forecast and of the mean."""
    of_forecast = leave_out(examples, lambda kept: fit_forecast(kept).predict)
    return float(np.abs(of_forecast).mean()), float(np.abs(leave_out(examples, predict_mean)).mean())


def test_a_forecast_is_better_than_the_mean_where_features_tell_and_not_much_worse_where_they_do_not() -> None:
    ours, mean = measure_errors(draw_examples(slope=3))
    assert ours < 0.6 * mean
    ours, mean = measure_errors(draw_examples(slope=0))
    assert ours < 1.1 * mean


def test_a_dataset_weighs_the_same_however_often_it_was_measured() -> None:
    examples = draw_examples(slope=3)
    often = Examples(*(np.concatenate([part, part[:10], part[:10]]) for part in
                       (examples.features, examples.uplift, examples.datasets)))  # fmt: skip
    once, again = (fit_forecast(each, [1e-9]).predict(examples.features) for each in (examples, often))
    np.testing.assert_allclose(once, again, atol=1e-6)


def test_what_is_shipped_is_what_its_own_measurements_give() -> None:
    shipped = read_evidence()
    again = build_evidence(list(shipped.measurements))
    assert (shipped.error, shipped.error_of_mean) == pytest.approx((again.error, again.error_of_mean))
    features = shipped.measurements[0].features
    assert shipped.predict(features) == pytest.approx(again.predict(features), abs=1e-4)


def test_evidence_survives_its_file(tmp_path: Path) -> None:
    shipped = read_evidence()
    write_evidence(shipped, tmp_path / "evidence.json")
    again = read_evidence(tmp_path / "evidence.json")
    assert again.measurements == shipped.measurements and again.won == shipped.won


@pytest.mark.parametrize(
    ("counts", "regime"),
    [((30, 10), "rare class"), ((10, 10), "few cases"), ((11, 30), "enough cases"), ((1, 1, 1), "few cases")],
)
def test_counts_of_the_classes_decide_the_regime(counts: tuple[int, ...], regime: str) -> None:
    class_index = np.repeat(np.arange(len(counts)), counts)
    series = np.random.default_rng(0).normal(size=(len(class_index), 1, 20)).astype(np.float32)
    assert find_regime(compute_features(series, class_index)) == regime


def test_features_know_no_units_and_no_order_of_cases() -> None:
    random = np.random.default_rng(0)
    series, class_index = random.normal(size=(30, 2, 40)).astype(np.float32), np.arange(30) % 3
    order, expected = random.permutation(30), compute_features(series, class_index)
    for changed in (
        compute_features(1000 * series + 5, class_index),
        compute_features(series[order], class_index[order]),
    ):
        assert changed == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_a_base_rate_counts_a_dataset_once_and_leaves_open_what_chance_does() -> None:
    gains = {"a": [4.0, 2.0], "b": [0.0], "c": [-3.0, 1.0]}
    measured = [Measurement(name, "", 1, gain, None, {}) for name, own in gains.items() for gain in own]
    rate = compute_base_rate(measured)
    assert rate.uplift.mean == pytest.approx((3 + 0 - 1) / 3)
    assert (rate.helped.count, rate.hurt.count, rate.helped.n) == (1, 0, 3)
    assert Share(0, 10).bounds == pytest.approx((0, 0.3085), abs=1e-3)
    assert Share(5, 10).bounds == pytest.approx((0.1871, 0.8129), abs=1e-3)


def test_advice_gives_regime_interval_and_the_forecasts_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_console(["advise", "sines"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    evidence = read_evidence()
    assert "sines: 60 training cases of 3 classes (20 each), 2 x 64" in said
    assert "Regime: enough cases" in said and "95 % interval" in said
    assert f"off by {evidence.error:.1f} points" in said
    assert ("no better than a constant" in said) is not evidence.is_forecast_better
    assert "this dataset has 2 channels, those measured had 1." in said


def save(file: Path, labels: list[str] | None, gap: bool = False) -> list[str]:
    """Write twelve series; what to say on the command line."""
    series = np.random.default_rng(0).normal(size=(12, 1, 20))
    if gap:
        series[3, 0, 4:6] = np.nan
    arrays = {"X": series} if labels is None else {"X": series, "y": np.array(labels)}
    np.savez(file, **arrays)
    return [str(file)]


def test_data_that_has_no_answer_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for labels, words in ((None, "has no labels"), (["a"] * 12, "are of class 'a'. There is nothing to tell apart")):
        assert main(save(tmp_path / "data.npz", labels)) == 2
        assert words in capsys.readouterr().err


def test_gaps_are_filled_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(save(tmp_path / "data.npz", ["a", "b"] * 6, gap=True)) == 0
    said = capsys.readouterr()
    assert "interpolated linearly" in said.err and "evened out before anything was computed" in said.err
    assert "Regime: few cases" in said.out

"""What gains are usual is learned from other datasets, and how true advice was is counted as anyone would."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from training.evaluation.advising import Gain
from training.evaluation.expected import (
    choose_errors,
    fill_kinds,
    forecast,
    forecast_left_out,
    learn_usual,
    write_summary,
)
from training.judging.comparing import Difference
from training.judging.expecting import Place

RARE = Place("balanced_accuracy", "rare", "features_and_trees")


def draw_rows(noise: float, error: float, seed: int = 0) -> list[Gain]:
    """Ten datasets whose rare class gains 20 points by moved cases, give or take 8, and 5 by SMOTE."""
    random = np.random.default_rng(seed)
    rows = []
    for number, arm in product(range(10), ("latent", "SMOTE")):
        true = random.normal(20 if arm == "latent" else 5, 8)
        gain = Gain(
            f"set {number}", "imbalance-10", 0, "balanced_accuracy", "features_and_trees", arm, "rare", 0.5,
            true + random.normal(0, noise), error, true,
        )  # fmt: skip
        rows += [gain, replace(gain, group="common", measured=0.0, true=-1.0)]
    return rows


def test_the_usual_is_the_mean_over_datasets_and_their_spread() -> None:
    rows = draw_rows(1.0, 1.0)
    usual = learn_usual(rows, 1.0, 0.0)
    gains = [row.true for row in rows if row.arm == "latent" and row.group == "rare"]
    assert usual.means[f"{RARE.name}, moved"] == pytest.approx(np.mean(gains), rel=0.05)
    assert usual.means["recall, common, features_and_trees, moved"] == pytest.approx(-1.0)
    assert 5 < usual.spreads[RARE.name] < 12
    nothing = usual.expect(RARE, "SMOTE", Difference(0.5, None, None))
    assert nothing == (usual.means[f"{RARE.name}, SMOTE"], usual.spreads[RARE.name] ** 2)


def test_a_kind_without_rows_is_as_the_others_are_on_average() -> None:
    rows = draw_rows(1.0, 1.0)
    other = [replace(row, kind="nearest_neighbours", true=row.true - 10) for row in rows]
    usual = fill_kinds(learn_usual([*rows, *other], 1.0, 0.0))
    one, two, filled = (
        usual.means[f"recall, rare, {kind}, moved"]
        for kind in ("features_and_trees", "nearest_neighbours", "deep_network")
    )
    assert filled == pytest.approx((one + two) / 2)
    assert usual.spreads["recall, rare, deep_network"] > 0


def test_a_mean_that_datasets_do_not_agree_on_is_drawn_to_zero() -> None:
    rows = [replace(row, true=100.0 * (-1) ** number + 1) for number, row in enumerate(draw_rows(1, 1))]
    mixed = [replace(row, group="alike", dataset=f"set {number}") for number, row in enumerate(rows)]
    assert set(learn_usual(mixed, 1.0, 0.0).means.values()) == {0.0}


def test_exact_measurements_are_believed_and_poor_ones_are_not() -> None:
    exact, poor = draw_rows(0.1, 0.1), draw_rows(60.0, 0.1)
    assert choose_errors(exact)[1] < choose_errors(poor)[1] or choose_errors(exact)[0] < choose_errors(poor)[0]
    for rows, least in ((exact, 0.9), (poor, -1.0)):
        found = list(forecast_left_out(rows))
        expected, true = ([getattr(one, name) for one in found] for name in ("expected", "true"))
        assert np.corrcoef([one.mean for one in expected], true)[0, 1] > least


def test_a_dataset_left_out_teaches_nothing_of_itself() -> None:
    rows = draw_rows(1.0, 1.0)
    changed = [replace(row, true=row.true + 500) if row.dataset == "set 3" else row for row in rows]
    errors = choose_errors(rows)
    kept = [row for row in rows if row.dataset != "set 3"]
    own = [row for row in rows if row.dataset == "set 3"]
    by_others = next(iter(forecast(own, learn_usual(kept, *errors)))).expected
    again = learn_usual([row for row in changed if row.dataset != "set 3"], *errors)
    assert next(iter(forecast(own, again))).expected == by_others


def test_the_summary_counts_what_was_forecast() -> None:
    rows = draw_rows(0.1, 0.1)
    found = list(forecast_left_out(rows))
    assert len(found) == 10 and {one.verdict for one in found} <= {"use it", "free does as well", "no gain"}
    table = write_summary(found)
    large = sum(one.true > 2 for one in found)
    assert "| all | 10 of 10 sets |" in table and f"of {large} |" in table
    used = [one.true for one in found if one.verdict == "use it"]
    assert f"{np.mean(used):+.1f} ({len(used)}; " in table

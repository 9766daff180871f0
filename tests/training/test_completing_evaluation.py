"""How completions are measured: what is hidden, what they are compared with, and the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.completing import Row, write_table
from training.evaluation.gaps import MASKS, Baselines
from training.learning.cases import TrainingCases

RAMP, WAVE = np.linspace(0, 3, 8), np.sin(np.arange(8.0))
CASES = TrainingCases(
    np.stack([RAMP, RAMP + 0.4, WAVE, WAVE - 0.2])[:, None].astype(np.float32), np.array([0, 0, 1, 1]), 2
)


@given(st.integers(8, 300), st.integers(0, 1000), st.sampled_from(sorted(MASKS)))
def test_some_values_are_hidden_and_some_are_not(n_timepoints: int, seed: int, way: str):
    hidden = MASKS[way](n_timepoints, np.random.default_rng(seed))
    assert hidden.shape == (n_timepoints,) and 0 < hidden.sum() < n_timepoints


@pytest.mark.parametrize(("way", "least", "most"), [("gaps of 10–30 %", 0.1, 0.37), ("a third", 0.33, 0.33),
                                                    ("second half", 0.5, 0.5)])  # fmt: skip
def test_as_much_is_hidden_as_its_name_says(way: str, least: float, most: float):
    shares = [MASKS[way](300, np.random.default_rng(seed)).mean() for seed in range(50)]
    assert least <= min(shares) and max(shares) <= most + 0.01


def test_each_baseline_fills_as_its_name_says():
    values = (RAMP + 0.3)[None].copy()
    values[:, 4:] = np.nan
    ways = Baselines(CASES).fill(values, 1)
    assert np.allclose(ways["linear"][0, 4:], values[0, 3])
    assert np.allclose(ways["class mean"][0, 4:], WAVE[4:] - 0.1)
    assert np.allclose(ways["nearest mean"][0, 4:], RAMP[4:] + 0.2)
    assert np.allclose(ways["donor"][0, 4:], RAMP[4:] + 0.4)
    assert all(np.array_equal(filled[:, :4], values[:, :4]) for filled in ways.values())


def test_the_table_marks_the_lowest_error_of_the_mean_over_seeds():
    rows = [
        Row("waves", seed, "a third", method, 9, error + seed, error, *(0.9, 2.0, 1.0) if method == "complete" else ())
        for seed in range(2)
        for method, error in (("complete", 0.25), ("linear", 0.5))
    ]
    assert write_table(rows).splitlines()[2] == "| a third | waves | **0.75** | 1.00 | 0.90 | 2.00 | 1.00 |"

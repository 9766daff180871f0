"""Weights of synthetic cases are compared on the same cases: none is training without them, and 1 merely adds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.evaluation.weighing import (
    COLUMNS,
    WEIGHTS,
    Half,
    judge_by_neighbour,
    judge_by_rocket,
    measure,
    read_rows,
    write_table,
)
from training.learning.cases import TrainingCases


def draw_cases(n_cases: int, distance: float, seed: int) -> TrainingCases:
    """Two classes of noise that lie so far apart."""
    random = np.random.default_rng(seed)
    classes = np.arange(n_cases) % 2
    series = random.normal(size=(n_cases, 1, 24)) + distance * classes[:, None, None]
    return TrainingCases(series.astype(np.float32), classes.astype(np.int64), 2)


@pytest.fixture
def half() -> Half:
    """Real cases that tell the classes apart, and synthetic ones that lie elsewhere."""
    made = draw_cases(10, -3.0, 1)
    return Half(draw_cases(8, 3.0, 0), made, draw_cases(40, 3.0, 2), seed=0)


def test_the_real_cases_weigh_1_and_the_synthetic_ones_the_weight(half: Half):
    assert half.weigh(0.25).tolist() == [1.0] * 8 + [0.25] * 10


def test_a_neighbour_is_looked_for_among_the_share_that_is_kept(half: Half):
    found = dict(judge_by_neighbour(half))
    nearest_real = [
        half.real.class_index[np.square(half.real.series - case).sum(axis=(1, 2)).argmin()]
        for case in half.judging.series
    ]
    assert tuple(found) == WEIGHTS and found[0.0].tolist() == nearest_real


def test_wrong_synthetic_cases_harm_a_linear_model_the_more_they_weigh():
    wrong = draw_cases(40, 3.0, 1)
    flipped = TrainingCases(wrong.series, 1 - wrong.class_index, 2)
    judging = draw_cases(200, 3.0, 2)
    found = dict(judge_by_rocket(Half(draw_cases(40, 3.0, 0), flipped, judging, seed=0)))
    right = [float((found[weight] == judging.class_index).mean()) for weight in WEIGHTS]
    assert right[0] > 0.95 and right[0] >= right[1] >= right[3] and right[3] < 0.8


def test_the_table_pairs_each_weight_with_none(tmp_path: Path):
    scores = {"0": (0.80, 0.60), "0.25": (0.82, 0.61), "0.5": (0.81, 0.60), "1": (0.70, 0.60)}
    lines = [
        f"{name},{seed},doubled,1-NN, share kept,{weight},{pair[place]}"
        for weight, pair in scores.items()
        for place, name in enumerate(("A", "B"))
        for seed in range(2)
    ]
    file = tmp_path / "rows.csv"
    text = "\n".join([",".join(COLUMNS), *lines]).replace("1-NN, share kept", '"1-NN, share kept"')
    file.write_text(text + "\n")
    table = write_table(read_rows(file))
    assert "| doubled | 1-NN, share kept | 70.0 | 0.25 | +1.50 [1.00, 2.00] | 2/0/0 |" in table
    assert "| 1 | -5.00 [-10.00, 0.00] | 0/1/1 |" in table and "balanced |" not in table


@pytest.mark.reliability  # catch22 takes ten seconds to compile
def test_every_judge_measures_every_weight(half: Half):
    rows = list(measure(half))
    assert len(rows) == 3 * len(WEIGHTS) and all(0 <= float(score) <= 1 for _, _, score in rows)

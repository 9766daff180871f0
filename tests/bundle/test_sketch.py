"""A sketch tells sets of training cases from others, and next to nothing of any one case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pydantic import ValidationError

from bundle.sketch import Sketch, build_sketch, estimate_overlap

N_SKETCHES = 60


def draw_cases(n_cases: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_cases, 1, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def sketched() -> list[tuple[np.ndarray, Sketch]]:
    """Sets of 60 training cases with their sketches."""
    return [(cases, build_sketch(cases)) for cases in (draw_cases(60, seed) for seed in range(N_SKETCHES))]


def list_partial(found: Iterator[bool]) -> float:
    return float(np.mean(list(found)))


def test_the_training_part_of_a_fold_is_found_out(sketched: list[tuple[np.ndarray, Sketch]]):
    assert list_partial(estimate_overlap(sketch, cases[:48]).partial for cases, sketch in sketched) >= 0.9


def test_other_cases_are_not_taken_for_training_cases(sketched: list[tuple[np.ndarray, Sketch]]):
    others = draw_cases(48, N_SKETCHES)
    assert list_partial(estimate_overlap(sketch, others).partial for _, sketch in sketched) <= 0.05


def test_the_whole_training_set_leaves_nothing_to_be_judged_by(sketched: list[tuple[np.ndarray, Sketch]]):
    assert not any(estimate_overlap(sketch, cases).partial for cases, sketch in sketched)


def test_training_cases_are_found_among_others(sketched: list[tuple[np.ndarray, Sketch]]):
    cases, sketch = draw_cases(3000, 0), build_sketch(draw_cases(3000, 0))
    found = estimate_overlap(sketch, np.concatenate([cases[:1500], draw_cases(1500, 1)]))
    assert found.partial and found.low < 0.5 < found.high and found.high - found.low < 0.25


def test_the_share_that_is_estimated_is_right_on_average(sketched: list[tuple[np.ndarray, Sketch]]):
    others = draw_cases(30, N_SKETCHES)
    mixed = [estimate_overlap(sketch, np.concatenate([cases[:30], others])).share for cases, sketch in sketched]
    assert abs(np.mean(mixed) - 0.5) < 0.1  # a sketch's standard deviation is .18: 4 of the mean's


def test_no_answer_about_one_case_is_more_than_twice_as_likely_if_it_was_trained_on():
    """What one case shows is its bit; over 3000 cases its chances are seen within .03."""
    cases = draw_cases(3000, 0)
    sketch = build_sketch(cases)
    trained, others = (
        np.mean([estimate_overlap(sketch, case[None]).share > 0.5 for case in some])
        for some in (cases, draw_cases(3000, 1))
    )
    assert trained / others < 2.1 and (1 - others) / (1 - trained) < 2.1
    assert trained > others + 0.2


def test_equal_cases_have_an_equal_sketch_in_any_order_however_often_they_come(
    sketched: list[tuple[np.ndarray, Sketch]],
):
    cases, sketch = sketched[0]
    assert build_sketch(np.concatenate([cases[::-1], cases[:7]])) == sketch != sketched[1][1]
    assert build_sketch(cases.astype(np.float64).astype(np.float32)) == sketch


def test_a_zero_has_no_sign():
    zeros = np.zeros((1, 1, 4), np.float32)
    assert build_sketch(zeros) == build_sketch(-zeros)


def test_what_is_no_sketch_is_refused(sketched: list[tuple[np.ndarray, Sketch]]):
    good = sketched[0][1].model_dump()
    for wrong in ({"n_cases": 0}, {"salt": "g" * 32}, {"bits": good["bits"][4:]}, {"bits": "!" * 5462 + "=="}):
        with pytest.raises(ValidationError):
            Sketch(**good | wrong)

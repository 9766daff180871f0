"""The gate objects to nonsense and to a fit that is worse beyond noise, and to nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bundle.evidence import Metrics
from training.publishing.gate import LEAST_ACCEPTANCE, LEAST_EXPLAINED, find_objections
from training.publishing.predecessor import Comparison


def explain(share: float) -> Metrics:
    found: dict[str, Any] = {"explained": share, "measured_on": "given test set", "n_cases": 40}
    return Metrics.model_validate({"reconstruction": found})


def compare(*counts: tuple[int, int, int]) -> Comparison:
    """Of each class: cases lost, won, and right both times."""
    before = [np.repeat([True, False, True], own) for own in counts]
    now = [np.repeat([False, True, True], own) for own in counts]
    class_index = np.repeat(range(len(counts)), [sum(own) for own in counts])
    return Comparison(7, class_index, np.concatenate(before), np.concatenate(now))


def test_nothing_speaks_against_a_fit_that_has_the_least_of_everything() -> None:
    metrics = explain(LEAST_EXPLAINED).model_copy(update={"acceptance": {"a": LEAST_ACCEPTANCE, "b": 1.0}})
    assert find_objections(metrics, compare((5, 0, 45), (0, 0, 50)), ["a", "b"]) == []
    assert find_objections(Metrics(), None, ["all"]) == [], "what has no encoder and no labels is not judged by them"


def test_a_reconstruction_that_explains_too_little_is_objected_to_with_what_it_explains() -> None:
    [said] = find_objections(explain(0.04), None, ["a"])
    assert "explains 4% of the variance of 40 cases (given test set), and 10% is the least" in said
    [said] = find_objections(explain(-2.0), None, ["a"])
    assert "explains -200%" in said


def test_classes_whose_samples_do_not_convince_are_named_the_worst_first_and_of_many_some() -> None:
    shares = {"a": 0.9, "b": 0.05, "c": 0.0}
    [said] = find_objections(Metrics(acceptance=shares), None, ["a", "b", "c"])
    assert "for class 'c' 0%, 'b' 5% convince, and 13% is the least" in said and "'a'" not in said
    [said] = find_objections(Metrics(acceptance=dict.fromkeys("abcdefgh", 0.0)), None, list("abcdefgh"))
    assert "and of 3 more convince" in said


@pytest.mark.parametrize(
    ("lost", "won", "worse"), [(5, 0, False), (6, 0, True), (3, 3, False), (12, 3, True), (12, 6, False), (0, 6, False)]
)
def test_a_refit_is_worse_only_beyond_noise(lost: int, won: int, worse: bool) -> None:
    said = find_objections(Metrics(), compare((lost, won, 200 - lost - won)), ["a"])
    assert bool(said) == worse
    if worse:
        assert f"({lost} lost, {won} won" in said[0] and "version 7 in service" in said[0]


def test_a_class_that_is_lost_is_seen_though_another_wins_as_much() -> None:
    [said] = find_objections(Metrics(), compare((9, 0, 1), (0, 12, 80)), ["rare", "plenty"])
    assert said == "it recognises less of class 'rare' (1 of 10 cases against 10) than version 7 in service."


def test_a_false_alarm_is_as_rare_as_it_says() -> None:
    random, alarms = np.random.default_rng(0), 0
    for _ in range(1000):
        before, now = random.random((2, 60)) < 0.8
        alarms += Comparison(1, np.zeros(60, int), before, now).p_value <= 0.025
    assert alarms <= 30

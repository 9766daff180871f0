"""Accuracy by class and over all, with intervals that few cases keep wide; how much variance is explained."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from bundle.evidence import Recall
from training.quality.accuracy import combine_intervals, compute_wilson_interval, measure_accuracy
from training.quality.explained import explain_variance


def make_recall(n_correct: int, n_cases: int) -> Recall:
    low, high = compute_interval_once(n_correct, n_cases)
    return Recall(n_cases=n_cases, n_correct=n_correct, share=n_correct / n_cases, low=low, high=high)


compute_interval_once = functools.cache(compute_wilson_interval)


def make_probabilities(predicted: list[int], n_classes: int) -> np.ndarray:
    return 0.1 + 0.8 * np.eye(n_classes)[predicted]


def test_three_of_three_leave_much_open_and_of_nothing_nothing_is_known() -> None:
    z2 = 1.959964**2
    assert compute_wilson_interval(3, 3) == pytest.approx((3 / (3 + z2), 1.0), abs=1e-6)
    assert compute_wilson_interval(0, 3) == pytest.approx((0.0, z2 / (3 + z2)), abs=1e-6)
    assert compute_wilson_interval(0, 0) == (0.0, 1.0)


def test_an_interval_of_one_class_is_that_of_its_recall_and_three_of_three_never_are_beyond_doubt() -> None:
    one = make_recall(7, 9)
    combined = combine_intervals([one])
    assert (combined.low, combined.high) == pytest.approx((one.low, one.high))
    both = combine_intervals([make_recall(3, 3), make_recall(300, 300)])
    assert both.low < 0.75 and both.high == 1.0


def test_the_interval_of_balanced_accuracy_holds_the_truth_as_often_as_it_says() -> None:
    random, true, counts = np.random.default_rng(0), np.array([0.6, 0.9, 0.95]), np.array([6, 25, 60])
    drawn = random.binomial(counts, true, (1500, 3))
    held = 0
    for row in drawn.tolist():
        interval = combine_intervals([make_recall(*pair) for pair in zip(row, counts.tolist(), strict=True)])
        held += interval.low <= true.mean() <= interval.high
    assert 0.93 <= held / len(drawn) <= 0.985


def test_every_class_has_its_recall_those_without_cases_too() -> None:
    truth = np.array([0, 0, 0, 2])
    found = measure_accuracy(truth, make_probabilities([0, 0, 2, 2], 3), ("a", 5, "c"), np.array([0, 1, 2]))
    assert (found["accuracy"], found["n_measured"]) == (0.75, 4)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    counts = {label: (one.n_correct, one.n_cases, one.share) for label, one in found["recall"].items()}
    assert counts == {"a": (2, 3, pytest.approx(2 / 3)), "5": (0, 0, None), "c": (1, 1, 1.0)}
    assert (found["recall"]["5"].low, found["recall"]["5"].high) == (0.0, 1.0)


def test_average_precision_is_of_the_rarer_of_two_classes_and_of_a_rare_one_of_more() -> None:
    truth, probabilities = np.array([0, 1, 1, 1]), make_probabilities([0, 1, 1, 0], 2)
    two = measure_accuracy(truth, probabilities, ("x", "y"), np.array([0, 1, 1]))["average_precision"]
    assert (two.label, two.value, two.chance) == ("x", 0.5, 0.25)
    three = np.array([0, 1, 2])
    balanced = measure_accuracy(three, make_probabilities([0, 1, 2], 3), ("x", "y", "z"), three)
    assert balanced["average_precision"] is None
    rare = np.repeat(three, [3, 3, 1])
    found = measure_accuracy(three, make_probabilities([0, 1, 2], 3), ("x", "y", "z"), rare)["average_precision"]
    assert (found.label, found.value, found.chance) == ("z", 1.0, pytest.approx(1 / 3))


def test_explained_variance_is_one_of_nothing_left_none_by_the_mean_and_knows_no_units() -> None:
    random = np.random.default_rng(1)
    series = random.normal([[[5.0], [-2.0]]], 1.0, (40, 2, 16))
    scale = np.ones(2)
    assert explain_variance(series, np.zeros_like(series), scale) == 1.0
    assert explain_variance(series, series - series.mean(axis=(0, 2), keepdims=True), scale) == pytest.approx(0.0)
    residual = 0.5 * random.normal(size=series.shape)
    found = explain_variance(series, residual, scale)
    assert found is not None and 0.7 < found < 0.8
    units = np.array([1e4, 1e-4])
    assert explain_variance(series * units[:, None], residual * units[:, None], units) == pytest.approx(found)
    assert explain_variance(np.ones((3, 1, 4)), np.zeros((3, 1, 4)), np.ones(1)) is None


def test_values_that_do_not_count_explain_nothing() -> None:
    random = np.random.default_rng(2)
    series, residual = random.normal(size=(9, 1, 12)), 0.3 * random.normal(size=(9, 1, 12))
    counted = np.ones(series.shape, bool)
    counted[:, :, 8:] = False
    cut = explain_variance(series[:, :, :8], residual[:, :, :8], np.ones(1))
    assert explain_variance(series, np.where(counted, residual, 99.0), np.ones(1), counted) == pytest.approx(cut)

"""Scores of held-out cases are those one computes by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.evidence import Interval
from training.choosing.scoring import average_over_classes, bootstrap, fit_tempered_nll


def test_a_mean_over_classes_does_not_follow_the_larger_class() -> None:
    errors, class_index = np.array([0.0, 0, 0, 0, 1]), np.array([0, 0, 0, 0, 2])
    for balance, expected in ((1.0, 1 / 2), (0.5, 1 / 3), (0.0, 1 / 5)):
        assert average_over_classes(errors, class_index, balance) == pytest.approx(expected)
    assert average_over_classes(errors, class_index) == average_over_classes(errors, class_index, 1.0)


def test_likelihood_is_that_at_the_best_temperature_and_never_sharpened() -> None:
    truth = np.zeros(10, np.int64)
    right = np.arange(10) < 8  # 80 % are right, so that 0.8 is the best that one confidence for all can be
    for confidence, best in ((0.999, 0.8), (0.8, 0.8), (0.6, 0.6)):
        own = np.where(right, confidence, 1 - confidence)
        found = fit_tempered_nll(np.log(np.stack([own, 1 - own], axis=1)), truth)
        assert found == pytest.approx(-(0.8 * np.log(best) + 0.2 * np.log(1 - best)), abs=1e-4)


def test_an_interval_is_that_of_the_bootstrap() -> None:
    assert bootstrap(np.full(7, 3.0), 0) == Interval(mean=3, low=3, high=3)
    halves = bootstrap(np.repeat([0.0, 1.0], 50), 0)
    assert (halves.mean, halves.low, halves.high) == pytest.approx((0.5, 0.4, 0.6), abs=0.011)
    assert halves == bootstrap(np.repeat([0.0, 1.0], 50), 0)

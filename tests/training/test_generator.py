"""A generator makes exactly what is asked of every class, by every policy, and the same again from an equal seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bundle.generation.policy import POLICIES, PolicyName
from training.choosing.policies import compute_log_probabilities
from training.learning.augmenting import compute_equal_counts, join_cases
from training.learning.cases import TrainingCases
from training.learning.generator import Generator

ADDING = [policy for policy in POLICIES if policy != "none"]
COUNTS = np.array([5, 0, 3, 4])
"""Of the four classes, of which the last has no cases."""


@pytest.mark.parametrize("policy", ADDING)
def test_every_policy_makes_the_counts_asked_and_equal_cases_from_equal_seeds(
    policy: PolicyName, generator: Generator, cases: TrainingCases
) -> None:
    made, again, other = (generator.make(policy, cases, COUNTS, seed) for seed in (7, 7, 8))
    assert made.series.shape == (12, *cases.series.shape[1:]) and made.series.dtype == np.float32
    np.testing.assert_array_equal(np.bincount(made.class_index, minlength=4), COUNTS)
    assert np.isfinite(made.series).all()
    np.testing.assert_array_equal(made.series, again.series)
    assert (np.abs(made.series - other.series).max(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize("policy", ADDING)
def test_what_is_made_is_in_original_units_and_no_copy_of_a_case(
    policy: PolicyName, generator: Generator, cases: TrainingCases
) -> None:
    made = generator.make(policy, cases, np.array([40, 40, 40, 0]), 0)
    real_sd = cases.series.std(axis=(0, 2))
    assert (np.abs(made.series.mean(axis=(0, 2)) - cases.series.mean(axis=(0, 2))) < real_sd).all()
    assert ((0.2 * real_sd < made.series.std(axis=(0, 2))) & (made.series.std(axis=(0, 2)) < 3 * real_sd)).all()
    distance = np.abs(made.series[:, None] - cases.series[None]).max(axis=3) / real_sd
    assert distance.max(axis=2).min() > 1e-3


def test_nothing_is_made_where_nothing_is_asked(generator: Generator, cases: TrainingCases) -> None:
    made = generator.make("latent", cases, np.zeros(4, np.int64), 0)
    assert made.series.shape == (0, *cases.series.shape[1:]) and len(made.class_index) == 0


def test_decoded_series_convince_the_classifier_more_than_those_it_does_not_judge(
    generator: Generator, cases: TrainingCases
) -> None:
    counts = np.array([40, 40, 40, 0])

    def share(by: Generator) -> float:
        made = by.make("latent", cases, counts, 1)
        assert generator.classifier is not None
        found = compute_log_probabilities(generator.classifier, generator.scaling, made.series).argmax(axis=1)
        return float((found == made.class_index).mean())

    judged, unjudged = share(generator), share(replace(generator, classifier=None))
    assert judged > unjudged or judged == 1


def test_equal_counts_are_of_the_classes_that_have_cases(cases: TrainingCases) -> None:
    assert compute_equal_counts(cases, 30).tolist() == [10, 10, 10, 0]
    assert compute_equal_counts(cases, 1).tolist() == [2, 2, 2, 0]


def test_cases_are_joined_in_order(cases: TrainingCases) -> None:
    both = join_cases(cases.select(np.array([0, 20])), cases.select(np.array([5])))
    np.testing.assert_array_equal(both.series, cases.series[[0, 20, 5]])
    assert both.class_index.tolist() == [0, 2, 0] and both.n_classes == cases.n_classes

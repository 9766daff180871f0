"""Each measure of quality keeps its law on cases that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.learning.cases import TrainingCases
from training.quality.coverage import compute_coverage_and_density
from training.quality.discriminative import measure_accuracy_apart
from training.quality.frechet import compute_frechet
from training.quality.judges import JUDGES, Judge
from training.quality.matched import draw_rounds, match_classes, standardise_alike
from training.quality.predictive import measure_next_timepoint_error
from training.quality.privacy import attack_membership, compute_nearest_neighbour_ratio
from training.quality.statistics import (
    compute_autocorrelation_distance,
    compute_marginal_distance,
    compute_spectrum_distance,
)


def draw_walks(count: int, seed: int = 0, smooth: float = 0.9) -> np.ndarray:
    """Autoregressive series `[count, 2, 40]` of unit variance."""
    random = np.random.default_rng(seed)
    series = random.normal(size=(count, 2, 40))
    for step in range(1, 40):
        series[..., step] = smooth * series[..., step - 1] + np.sqrt(1 - smooth**2) * series[..., step]
    return series.astype(np.float32)


def label_classes(series: np.ndarray, *counts: int) -> TrainingCases:
    class_index = np.repeat(np.arange(len(counts)), counts)
    return TrainingCases(series[: len(class_index)], class_index, len(counts))


def test_matched_sets_have_equal_counts_of_every_class_and_keep_their_cases() -> None:
    sets = [label_classes(draw_walks(60), 30, 20, 1, 5), label_classes(draw_walks(60, 1), 9, 40, 3, 0)]
    first, second = match_classes(sets, np.random.default_rng(0))
    for cases, source in zip((first, second), sets, strict=True):
        assert np.bincount(cases.class_index, minlength=4).tolist() == [9, 20, 1, 0]
        for series, index in zip(cases.series, cases.class_index, strict=True):
            assert (source.series[source.class_index == index] == series).all(axis=(1, 2)).any()
    small = match_classes(sets, np.random.default_rng(0), limit=10)[0]
    assert np.bincount(small.class_index, minlength=4).tolist() == [3, 6, 1, 0]


def test_small_sets_are_drawn_several_times_and_large_ones_once() -> None:
    assert len(list(draw_rounds([label_classes(draw_walks(40), 40)] * 2, np.random.default_rng(0)))) == 5
    assert len(list(draw_rounds([label_classes(draw_walks(400), 400)] * 2, np.random.default_rng(0)))) == 1


def test_all_sets_are_standardised_by_the_training_set() -> None:
    train, other = standardise_alike(
        label_classes(7 + 3 * draw_walks(20), 20), label_classes(np.full((4, 2, 40), 7, np.float32), 4)
    )
    np.testing.assert_allclose(train.series.mean(axis=(0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(train.series.std(axis=(0, 2)), 1, atol=1e-4)
    assert np.abs(other.series).max() < 0.5


@pytest.mark.parametrize("judge", JUDGES, ids=lambda judge: judge.name)
def test_every_judge_knows_rough_from_smooth_and_nothing_of_equals(judge: Judge) -> None:
    assert measure_accuracy_apart(draw_walks(40), draw_walks(40, 1, smooth=0.5), judge, 0) > 0.9
    assert measure_accuracy_apart(draw_walks(40), draw_walks(40, 1), judge, 0) == pytest.approx(0.5, abs=0.2)


def test_statistics_are_zero_for_the_same_set_and_follow_level_roughness_and_scale() -> None:
    real = draw_walks(50)
    for distance in (compute_marginal_distance, compute_autocorrelation_distance, compute_spectrum_distance):
        assert distance(real, real) == pytest.approx(0, abs=1e-9)
    assert compute_marginal_distance(real + 2, real) == pytest.approx(2, abs=1e-4)
    assert compute_autocorrelation_distance(real + 2, real) == pytest.approx(0, abs=1e-4)
    assert compute_spectrum_distance(real * 10, real) == pytest.approx(20, abs=0.1)
    assert compute_autocorrelation_distance(draw_walks(50, 1, smooth=0.3), real) > 5 * compute_autocorrelation_distance(
        draw_walks(50, 1), real
    )


def test_the_frechet_distance_of_normals_is_that_of_the_formula() -> None:
    mean, covariance = np.array([1.0, 2.0]), np.diag([4.0, 1.0])
    assert compute_frechet(mean, covariance, mean, covariance) == pytest.approx(0, abs=1e-9)
    assert compute_frechet(mean, covariance, mean + np.array([3, 4]), covariance) == pytest.approx(25)
    assert compute_frechet(mean, covariance, mean, np.diag([9.0, 1.0])) == pytest.approx(1)


def test_a_forecaster_learns_a_recurrence_from_those_that_follow_it_alone() -> None:
    time = np.arange(40) * 0.7 + np.random.default_rng(0).uniform(0, 6, (30, 1, 1))
    waves, other = np.sin(time), np.sin(3 * time)
    assert measure_next_timepoint_error(waves, waves, np.random.default_rng(0)) < 0.05
    assert measure_next_timepoint_error(other, waves, np.random.default_rng(0)) > 0.3


def test_coverage_and_density_count_neighbourhoods() -> None:
    line = np.arange(8.0).reshape(8, 1, 1)
    assert compute_coverage_and_density(line, line) is not None
    coverage, density = compute_coverage_and_density(line, np.full((8, 1, 1), 100.0)) or (None, None)
    assert coverage == density == 0
    # Of 0, 1, 2, the two nearest others lie within 2, 1 and 2; 0 is in each neighbourhood.
    assert compute_coverage_and_density(np.arange(3.0).reshape(3, 1, 1), np.zeros((1, 1, 1))) == (1.0, 1.5)
    assert compute_coverage_and_density(line[:1], line) is None


def test_copies_are_near_and_give_their_origin_away_and_strangers_are_far_and_silent() -> None:
    train, held_out = label_classes(draw_walks(40), 20, 20), label_classes(draw_walks(40, 1), 20, 20)
    fresh = label_classes(draw_walks(40, 2), 20, 20)
    assert compute_nearest_neighbour_ratio(train.series, held_out.series, train.series) == 0
    assert compute_nearest_neighbour_ratio(train.series, held_out.series, fresh.series) == pytest.approx(1, abs=0.2)
    assert compute_nearest_neighbour_ratio(train.series, train.series, fresh.series) is None
    attacks = [attack_membership(train, held_out, made, np.random.default_rng(0)) for made in (train, fresh)]
    assert attacks == [1, pytest.approx(0.5, abs=0.15)]
    assert (
        attack_membership(
            label_classes(draw_walks(3), 3), label_classes(draw_walks(3, 1), 3), fresh, np.random.default_rng(0)
        )
        is None
    )

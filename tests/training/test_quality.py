"""Quality tells good synthetic series from bad ones: equals score like the floor, strangers and copies do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bundle.evidence import Quality
from training.data.generators import sines
from training.learning.cases import TrainingCases
from training.quality import measure_quality

LABELS = (0, 1, 2)


@cache
def sine_sets() -> tuple[TrainingCases, TrainingCases, TrainingCases]:
    """Training, held-out and more real cases of one distribution: 60, 30 and 30 series `[2, 64]`."""
    train, test = (
        TrainingCases(np.asarray(part.series, np.float32), np.array(part.labels), 3)
        for part in sines.generate(sines.Settings())
        if part is not None
    )
    return train, test.select(np.arange(30)), test.select(np.arange(30, 60))


def measure_sets(sets: Sequence[TrainingCases], seed: int = 0) -> Quality:
    train, held_out, synthetic = sets
    quality = measure_quality(train, held_out, synthetic, LABELS[: train.n_classes], "held-out split", seed)
    assert quality is not None
    return quality


def measure(synthetic: TrainingCases) -> Quality:
    return measure_sets([*sine_sets()[:2], synthetic])


def take_few(*counts: int) -> list[TrainingCases]:
    """So many cases of each class in each set; the last count goes on."""
    every = counts + counts[-1:] * (3 - len(counts))
    return [
        cases.select(np.concatenate([np.flatnonzero(cases.class_index == i)[:n] for i, n in enumerate(every)]))
        for cases in sine_sets()
    ]


def draw_strangers() -> TrainingCases:
    """Noise of the real level and scale, under the real labels."""
    real = sine_sets()[2]
    random = np.random.default_rng(0)
    noise = random.normal(size=real.series.shape) * real.series.std(axis=(0, 2), keepdims=True)
    return replace(real, series=(real.series.mean(axis=(0, 2), keepdims=True) + noise).astype(np.float32))


@pytest.fixture(scope="module")
def of_equals() -> Quality:
    return measure(sine_sets()[2])


@pytest.fixture(scope="module")
def of_strangers() -> Quality:
    return measure(draw_strangers())


def test_more_real_series_score_like_the_floor(of_equals: Quality) -> None:
    assert of_equals.n_cases == 30
    assert of_equals.discriminative_score is not None and of_equals.discriminative_score < 0.2
    for name in ("predictive_score", "frechet_distance", "autocorrelation_distance", "spectrum_distance"):
        floor = getattr(of_equals, name.rsplit("_", 1)[0] + "_floor")
        assert getattr(of_equals, name) < 2 * floor
    assert of_equals.trtr is not None and of_equals.trtr > 0.9
    assert of_equals.tstr_ratio == pytest.approx(1, abs=0.1)
    assert of_equals.trts_ratio == pytest.approx(1, abs=0.1)
    assert of_equals.coverage.keys() == of_equals.density.keys() == {"0", "1", "2"}
    assert min(of_equals.coverage.values()) > 0.7
    assert of_equals.nearest_neighbour_ratio == pytest.approx(1, abs=0.2)
    assert of_equals.membership_attack == pytest.approx(0.5, abs=0.15)


def test_strangers_are_told_apart_teach_nothing_and_cover_nothing(of_equals: Quality, of_strangers: Quality) -> None:
    assert of_strangers.discriminative_score == pytest.approx(0.5, abs=0.02)
    assert min(of_strangers.discriminative_scores.values()) > 0.45
    assert of_strangers.tstr_ratio is not None and of_strangers.tstr_ratio < 0.7
    assert of_strangers.trts_ratio is not None and of_strangers.trts_ratio < 0.7
    for name in ("frechet_distance", "autocorrelation_distance", "spectrum_distance", "predictive_score"):
        assert getattr(of_strangers, name) > 3 * getattr(of_equals, name)
    assert max(of_strangers.coverage.values()) < 0.1 and max(of_strangers.density.values()) < 0.1
    assert of_strangers.nearest_neighbour_ratio is not None and of_strangers.nearest_neighbour_ratio > 1.5


def test_copies_of_training_cases_are_recognised_as_copies() -> None:
    quality = measure(sine_sets()[0])
    assert quality.nearest_neighbour_ratio == 0
    assert quality.membership_attack is not None and quality.membership_attack > 0.95


def test_equal_seeds_give_equal_results_and_leave_global_randomness_alone() -> None:
    before = np.random.get_state()
    first, second, other = (measure_sets(take_few(4), seed) for seed in (3, 3, 4))
    assert first == second != other
    np.testing.assert_equal(np.random.get_state(), before)


def test_unlabelled_series_have_no_classes_to_be_judged_by() -> None:
    quality = measure_sets([TrainingCases(cases.series, np.zeros(18, np.int64), 1) for cases in take_few(6)])
    assert (quality.judge, quality.trtr, quality.tstr_ratio, quality.trts_ratio) == (None,) * 4
    assert quality.coverage.keys() == {"0"}
    assert quality.discriminative_score is not None and quality.membership_attack is not None


@pytest.mark.parametrize("counts", [(1, 1, 1), (1, 9, 9), (0, 3, 9), (2, 2, 0)])
def test_classes_of_few_cases_give_numbers_or_none(counts: tuple[int, int, int]) -> None:
    quality = measure_sets(take_few(*counts))
    assert quality.n_cases == sum(counts)
    assert set(quality.coverage) == {str(index) for index, count in enumerate(counts) if count >= 2}
    assert (quality.discriminative_score is None) == (sum(counts) < 4)
    numbers = [value for value in quality.model_dump().values() if isinstance(value, float)]
    assert numbers and np.isfinite(numbers).all()


@pytest.mark.parametrize("n_timepoints", [2, 4, 9])
def test_very_short_series_are_measured(n_timepoints: int) -> None:
    quality = measure_sets([replace(cases, series=cases.series[:, :, :n_timepoints]) for cases in take_few(4)])
    assert quality.frechet_distance is not None and quality.predictive_score is not None


def test_sets_without_a_class_in_common_have_no_quality() -> None:
    train, held_out, synthetic = sine_sets()
    nothing = synthetic.select(np.array([], np.int64))
    assert measure_quality(train, held_out, nothing, LABELS, "held-out split", 0) is None

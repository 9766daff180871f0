"""Frequencies and variety are measured as they are known to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learning.cases import TrainingCases
from training.quality.frequencies import compute_dominant_frequency, measure_faithfulness

PERIODS = (20.0, 7.3)


def make_waves(seed: int, factor: float = 1.0, n_cases: int = 40) -> TrainingCases:
    """Waves of two classes and of random phases; the periods are `factor` times those of PERIODS."""
    random = np.random.default_rng(seed)
    class_index = np.arange(n_cases) % 2
    angle = 2 * np.pi * np.arange(100) / (factor * np.array(PERIODS))[class_index, None]
    waves = np.sin(angle + random.uniform(0, 2 * np.pi, (n_cases, 1)))[:, None]
    return TrainingCases((5 + waves + 0.05 * random.normal(size=waves.shape)).astype(np.float32), class_index, 2)


def test_the_dominant_frequency_is_found_between_those_of_the_periodogram() -> None:
    waves = make_waves(0)
    found = compute_dominant_frequency(waves.series)[:, 0]
    np.testing.assert_allclose(found, 1 / np.array(PERIODS)[waves.class_index], rtol=0.02)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_the_error_is_by_how_much_the_frequency_differs(factor: float) -> None:
    for of_class in measure_faithfulness(make_waves(0), make_waves(1), make_waves(2, factor), np.random.default_rng(0)):
        assert of_class.frequency_error == pytest.approx(abs(1 / factor - 1), abs=0.03)
        assert of_class.frequency_floor < 0.01
        assert of_class.spectrum_distance > 2 * of_class.spectrum_floor


def test_real_waves_in_place_of_made_ones_have_no_error_and_full_variety() -> None:
    for of_class in measure_faithfulness(make_waves(0), make_waves(1), make_waves(2), np.random.default_rng(0)):
        assert of_class.frequency_error < 0.01
        assert 0.8 < of_class.spread < 1.25 and 0.6 < of_class.nearest_neighbour_ratio < 1.6


def test_series_that_are_all_alike_have_no_spread_and_copies_no_distance() -> None:
    train = make_waves(0)
    alike = replace(train, series=train.series[train.class_index])
    for of_class in measure_faithfulness(train, make_waves(1), alike, np.random.default_rng(0)):
        assert of_class.spread == 0 and of_class.nearest_neighbour_ratio == 0

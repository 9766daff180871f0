"""The ridge's probabilities are worth what they say, also where a class has one case or none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.configuration import FitConfiguration
from training.families.classifiers import ridge
from training.learning.cases import Pool
from training.learning.policy_cases import PolicyCases
from training.learning.run import Run, start_fabric

RUN = Run(start_fabric(FitConfiguration(device="cpu")), seed=0, title="ridge")


def draw_levels(counts: tuple[int, ...], distance: float, seed: int) -> Pool:
    """Noise around a level for each class, `distance` standard deviations of a series' mean apart."""
    random = np.random.default_rng(seed)
    class_index = np.repeat(np.arange(len(counts)), counts)
    noise = random.normal(size=(len(class_index), 1, 16))
    series = noise + distance / 4 * class_index[:, None, None]
    return Pool(torch.as_tensor(series).float(), torch.as_tensor(class_index), len(counts))


@torch.no_grad()
def compute_probabilities(learned: Pool, asked: Pool) -> np.ndarray:
    classifier, _ = ridge.fit(PolicyCases(learned), ridge.Settings(), RUN)
    return torch.softmax(classifier(asked.series), dim=1).numpy()


@pytest.mark.parametrize("distance", [0.0, 1.0, 3.0])
def test_of_new_cases_as_many_are_right_as_the_probabilities_say(distance: float) -> None:
    asked = draw_levels((1000, 1000), distance, seed=1)
    probabilities = compute_probabilities(draw_levels((100, 100), distance, seed=0), asked)
    right = (probabilities.argmax(axis=1) == asked.class_index.numpy()).mean()
    assert right == pytest.approx(probabilities.max(axis=1).mean(), abs=0.08)


def test_classes_of_one_case_or_none_have_probabilities_too() -> None:
    for counts in ((20, 1, 0), (1, 1, 1), (2, 0), (5,)):
        probabilities = compute_probabilities(draw_levels(counts, 8, seed=0), draw_levels(counts, 8, seed=1))
        assert np.isfinite(probabilities).all() and probabilities.shape[1] == len(counts)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_a_perfect_separation_gives_no_certainty() -> None:
    counts = (20, 20)
    probabilities = compute_probabilities(draw_levels(counts, 40, seed=0), draw_levels(counts, 40, seed=1))
    assert 0.99 < probabilities.max(axis=1).mean() < 1 - 1e-6

"""How class-aware a latent is follows from the vote of the nearest codes."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from tests.service.bundles import Labelled
from training import data as datasets
from training.learning.neighbours import vote_by_neighbours

CODES = np.array([[0.0], [1.0], [2.0], [10.0]])
CLASSES = np.array([1, 0, 0, 1])


@pytest.mark.parametrize(
    ("k", "voted"),
    [(1, [1, 1]), (2, [0, 0]), (3, [0, 0]), (4, [0, 0]), (99, [0, 0])],
    ids=["the nearest", "of equals the first class", "most of three", "of all", "of all that there are"],
)
def test_most_of_the_nearest_codes_decide(k: int, voted: list[int]) -> None:
    assert vote_by_neighbours(CODES, CLASSES, np.array([[0.1], [9.0]]), k).tolist() == voted


def test_a_code_without_a_class_in_it_is_right_as_often_as_chance() -> None:
    random = np.random.default_rng(0)
    codes, asked = random.normal(size=(2, 2000, 4))
    truth = random.integers(2, size=2000)
    voted = vote_by_neighbours(codes, random.integers(2, size=2000), asked, 5)
    assert (voted == truth).mean() == pytest.approx(0.5, abs=0.05)


def test_a_manifest_says_what_its_own_encoder_gives(sines: Bundle) -> None:
    found, data = sines.manifest.metrics.latent_neighbours, datasets.load("sines")
    train, cases = Labelled.of(data.train), Labelled.of(data.test)
    assert found is not None and found.k == 5
    assert found.cross_fitted is not None and found.cross_fitted > 0.8
    (own, _), (asked, _) = (sines.encode(part.series) for part in (train, cases))
    classes = np.unique(train.labels, return_inverse=True)[1]
    voted = np.unique(train.labels)[vote_by_neighbours(own, classes, asked, 5)]
    assert found.measured == pytest.approx((voted == cases.labels).mean())


def test_without_labels_nothing_is_judged(unlabelled: Bundle) -> None:
    assert unlabelled.manifest.metrics.latent_neighbours is None

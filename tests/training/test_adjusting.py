"""Logits are adjusted by the classes' shares where classes are imbalanced, as far as held-out cases say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch import nn

from bundle.engine.bundle import Bundle
from tests.conftest import take_dense_steps
from tests.training.test_fit import make_brief
from training.choosing.adjusting import Adjusted, adjust, choose_adjustment
from training.choosing.scoring import average_over_classes
from training.configuration import FitConfiguration
from training.fit import fit_and_publish

COUNTS = np.array([90, 10, 0])
CLASSES = np.repeat([0, 1], COUNTS[:2])


def draw_posterior(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Class log probabilities `[n, 3]`, true to the shares, of cases 1.5 deviations apart, and their classes."""
    truth = np.repeat([0, 1], [900, 100])
    value = np.random.default_rng(seed).normal(size=1000) + 1.5 * truth
    logits = np.stack([-(value**2) / 2 + np.log(0.9), -((value - 1.5) ** 2) / 2 + np.log(0.1), value * 0 - 40], axis=1)
    return log_softmax(logits, axis=1), truth


def test_odds_that_are_true_to_the_shares_are_adjusted_whole_and_classes_come_out_alike() -> None:
    asked, truth = draw_posterior(0)
    found = choose_adjustment([asked[::2], asked[1::2]], [truth[::2], truth[1::2]], CLASSES, 3, FitConfiguration())
    assert found is not None and found.strength == 1.0 and min(found.nll, key=lambda key: found.nll[key]) == "1"
    before = average_over_classes((asked.argmax(axis=1) == truth).astype(float), truth)
    assert found.balanced_accuracy > before + 0.1 and found.accuracy < (asked.argmax(axis=1) == truth).mean()


def test_odds_that_are_alike_already_stay() -> None:
    asked, truth = draw_posterior(1)
    alike = adjust(asked, COUNTS, 1.0)
    found = choose_adjustment([alike], [truth], CLASSES, 3, FitConfiguration())
    assert found is not None and found.strength == 0.0


@pytest.mark.parametrize(
    ("classes", "held_out", "configuration"),
    [
        (np.repeat([0, 1], 50), True, FitConfiguration()),
        (CLASSES, False, FitConfiguration()),
        (CLASSES, True, FitConfiguration(metric="accuracy")),
    ],
    ids=["classes alike", "nothing held out", "accuracy counts"],
)
def test_nothing_is_adjusted_where_nothing_says_so(
    classes: np.ndarray, held_out: bool, configuration: FitConfiguration
) -> None:
    asked, truth = draw_posterior(2)
    given = ([asked], [truth]) if held_out else ([], [])
    assert choose_adjustment(*given, classes, 3, configuration) is None


def test_the_module_and_the_array_are_adjusted_alike_and_an_absent_class_gains_nothing() -> None:
    network = nn.Linear(4, 3)
    series = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    made = torch.log_softmax(Adjusted(network, COUNTS, 0.75)(series), dim=1).detach().numpy()
    plain = torch.log_softmax(network(series), dim=1).detach().numpy()
    np.testing.assert_allclose(made, adjust(plain, COUNTS, 0.75), atol=1e-6)
    assert (made[:, 2] < plain[:, 2]).all()


@pytest.mark.long
def test_what_is_published_is_adjusted_and_what_is_made_is_not_screened_by_it(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], [40, 8])
    series = random.normal(size=(48, 1, 24)) + 0.6 * labels[:, None, None]
    np.savez(tmp_path / "rare.npz", X=series, y=labels)
    directory = fit_and_publish(
        make_brief(data=tmp_path / "rare.npz", models=tmp_path / "m", folds=2, **take_dense_steps(20, 60))
    )
    assert directory is not None
    bundle = Bundle.load(directory)
    adjustment = bundle.manifest.metrics.adjustment
    assert adjustment is not None and adjustment.strength > 0 and bundle.has("screener")
    asked = series[:9].astype(np.float32)
    counts = np.array([card.training_count for card in bundle.manifest.classes])
    expected = np.exp(adjust(np.log(bundle.screen(asked)), counts, adjustment.strength))
    np.testing.assert_allclose(bundle.classify(asked), expected, atol=1e-4)

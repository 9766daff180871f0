"""What a fitted model is worth on cases held out, and how often its samples are their own class."""

from __future__ import annotations

import numpy as np

from models.evidence import Metrics
from training.fitting import Fitted, predicted
from training.partition import Partition, training_cases
from training.synthesis import draw

PROPOSALS = 1000
"""Latent codes drawn per class to measure acceptance."""


def measured(fitted: Fitted, parts: Partition, expansion: float, seed: int) -> Metrics:
    """Accuracy on the cases held out, null where there are none, and acceptance per class."""
    random = np.random.default_rng(seed)
    shares = {str(label): acceptance(fitted, index, expansion, random) for index, label in enumerate(fitted.labels)}
    if parts.measure is None or parts.measure.labels is None or fitted.classifier is None:
        return Metrics(acceptance=shares)
    truth = training_cases(parts.measure, fitted.labels).class_index
    correct = predicted(fitted, parts.measure.series) == truth
    return Metrics(
        accuracy=float(correct.mean()),
        balanced_accuracy=float(np.mean([correct[truth == index].mean() for index in np.unique(truth)])),
        n_measured=len(truth),
        measured_on=parts.measured_on,
        acceptance=shares,
    )


def acceptance(fitted: Fitted, index: int, expansion: float, random: np.random.Generator) -> float:
    """The share of a class's proposals that no rival class explains better."""
    latent = draw(fitted.generator.mixture, index, PROPOSALS, expansion, random)
    return float((fitted.generator.mixture.class_log_density(latent).argmax(axis=1) == index).mean())

"""What a fitted model and its samples are worth on cases held out, and how often samples are their own class."""

from __future__ import annotations

import numpy as np

from models.evidence import Metrics, Quality
from training.configuration import FitConfiguration
from training.fitting import Fitted, predicted
from training.learner import TrainingCases
from training.partition import MeasuredOn, Partition, training_cases
from training.quality import measure_quality
from training.synthesis import draw

PROPOSALS = 1000
"""Latent codes drawn per class to measure acceptance."""

SYNTHETIC_PER_CASE = 3
"""Synthetic series per training case by which quality is measured; an attack on membership gains from more."""


def measured(fitted: Fitted, parts: Partition, configuration: FitConfiguration) -> Metrics:
    """Accuracy and, with a report, quality on the cases held out, null where there are none; acceptance per class."""
    random = np.random.default_rng(configuration.seed)
    shares = {
        str(label): acceptance(fitted, index, configuration.expansion, random)
        for index, label in enumerate(fitted.labels)
    }
    metrics = Metrics(acceptance=shares, uplift=fitted.uplift)
    if parts.measure is None or parts.measured_on is None:
        return metrics
    held_out = training_cases(parts.measure, fitted.labels)
    if configuration.report:
        metrics = metrics.model_copy(update={"quality": quality(fitted, held_out, parts.measured_on, configuration)})
    if fitted.classifier is None:
        return metrics
    truth = held_out.class_index
    correct = predicted(fitted, held_out.series) == truth
    accuracies = {
        "accuracy": float(correct.mean()),
        "balanced_accuracy": float(np.mean([correct[truth == index].mean() for index in np.unique(truth)])),
        "n_measured": len(truth),
        "measured_on": parts.measured_on,
    }
    return metrics.model_copy(update=accuracies)


def quality(
    fitted: Fitted, held_out: TrainingCases, measured_on: MeasuredOn, configuration: FitConfiguration
) -> Quality | None:
    """How good samples are, SYNTHETIC_PER_CASE for each training case of a class."""
    counts = SYNTHETIC_PER_CASE * np.bincount(fitted.cases.class_index, minlength=len(fitted.labels))
    synthetic = fitted.generator.made("latent", fitted.cases, counts, configuration.seed)
    return measure_quality(fitted.cases, held_out, synthetic, fitted.labels, measured_on, configuration.seed)


def acceptance(fitted: Fitted, index: int, expansion: float, random: np.random.Generator) -> float:
    """The share of a class's proposals that no rival class explains better."""
    latent = draw(fitted.generator.mixture, index, PROPOSALS, expansion, random)
    return float((fitted.generator.mixture.class_log_density(latent).argmax(axis=1) == index).mean())

"""What a fitted model and its samples are worth on cases held out, and how often samples are their own class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bundle.evidence import LatentNeighbours, Metrics, Quality, Reconstruction
from training.configuration import FitConfiguration
from training.data.partition import MeasuredOn, Partition, make_training_cases
from training.fitting import Fitted, classify
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.learner import compute_posterior_means, compute_residuals
from training.learning.maker import Maker
from training.learning.neighbours import vote_by_neighbours
from training.quality import measure_quality
from training.quality.accuracy import measure_accuracy
from training.quality.explained import explain_variance

SERIES = 300
"""Made per class to measure acceptance."""

MOST_SERIES = 30_000
"""Made over all classes; each is compared with every class, so that more would take long where there are many."""

SYNTHETIC_PER_CASE = 3
"""Synthetic series per training case by which quality is measured; an attack on membership gains from more."""


def measure(fitted: Fitted, parts: Partition, configuration: FitConfiguration) -> Metrics:
    """Accuracy and, with a report, quality on the cases held out, null where there are none; acceptance per class."""
    generator, count = make_sampling(fitted), min(SERIES, max(1, MOST_SERIES // len(fitted.labels)))
    shares = {
        str(label): generator.measure_acceptance(index, count, configuration.seed)
        for index, label in enumerate(fitted.labels)
    }
    held_out = None if parts.measure is None else make_training_cases(parts.measure, fitted.labels)
    metrics = Metrics(
        acceptance=shares,
        uplift=fitted.uplift,
        latent_neighbours=measure_neighbours(fitted, held_out, configuration),
        reconstruction=measure_reconstruction(fitted, held_out, parts.measured_on),
        pooling=fitted.pooling,
        adjustment=fitted.adjustment,
    )
    if held_out is None or parts.measured_on is None:
        return metrics
    if configuration.report:
        metrics = metrics.model_copy(
            update={"quality": measure_samples(fitted, held_out, parts.measured_on, configuration)}
        )
    if fitted.classifier is None:
        return metrics
    probabilities = classify(fitted, held_out.series)
    accuracy = measure_accuracy(held_out.class_index, probabilities, fitted.labels, fitted.cases.class_index)
    return metrics.model_copy(update={**accuracy, "measured_on": parts.measured_on})


def measure_reconstruction(
    fitted: Fitted, held_out: TrainingCases | None, measured_on: MeasuredOn | None
) -> Reconstruction | None:
    """How much of the cases held out the reconstructions explain; without such, of the training cases, cross-fitted
    where there are folds. None without an encoder, and of series that do not vary."""
    generator = fitted.generator
    if not isinstance(generator, Generator):
        return None
    crossed = fitted.held_out if held_out is None else None
    cases = held_out or fitted.cases
    series, residual, counted = (
        (crossed.series, crossed.residual, crossed.counted)
        if crossed
        else (cases.series, compute_residuals(generator.vae, generator.scaling, cases.series), cases.counted)
    )
    explained = explain_variance(series, residual, generator.scaling.scale.numpy()[:, 0], counted)
    if explained is None:
        return None
    of = "cross-fitted training cases" if crossed else measured_on or "training cases"
    return Reconstruction(explained=explained, measured_on=of, n_cases=len(series))


def measure_neighbours(
    fitted: Fitted, held_out: TrainingCases | None, configuration: FitConfiguration
) -> LatentNeighbours | None:
    """How class-aware the latent is; None where there is no latent, or a single class."""
    generator, train, k = fitted.generator, fitted.cases, configuration.neighbours
    if not isinstance(generator, Generator) or len(fitted.labels) < 2:
        return None
    measured = cross_fitted = None
    if held_out is not None:
        own, asked = (
            compute_posterior_means(generator.vae, generator.scaling, cases.series) for cases in (train, held_out)
        )
        voted = vote_by_neighbours(own, train.class_index, asked, k)
        measured = float((voted == held_out.class_index).mean())
    if fitted.held_out is not None:
        cross_fitted = float((fitted.held_out.voted == fitted.held_out.class_index).mean())
    return LatentNeighbours(k=k, measured=measured, cross_fitted=cross_fitted)


def measure_samples(
    fitted: Fitted, held_out: TrainingCases, measured_on: MeasuredOn, configuration: FitConfiguration
) -> Quality | None:
    """How good samples are, SYNTHETIC_PER_CASE for each training case of a class."""
    counts = SYNTHETIC_PER_CASE * np.bincount(fitted.cases.class_index, minlength=len(fitted.labels))
    synthetic = make_sampling(fitted).sample(counts, configuration.seed)
    return measure_quality(fitted.cases, held_out, synthetic, fitted.labels, measured_on, configuration.seed)


def make_sampling(fitted: Fitted) -> Maker:
    """The generator as the bundle samples: what screens there has to be convinced."""
    screener = fitted.screener or fitted.classifier
    return replace(fitted.generator, classifier=screener if len(fitted.labels) > 1 else None)

"""One call measures synthetic series against held-out real ones, on one thread, the same at equal seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from bundle.evidence import Quality
from bundle.manifest import Label
from training.learning.cases import TrainingCases
from training.quality.coverage import compute_coverage_and_density
from training.quality.discriminative import FEWEST, measure_accuracy_apart
from training.quality.frechet import compute_frechet_distances
from training.quality.judges import JUDGES
from training.quality.matched import draw_rounds, match_classes, standardise_alike
from training.quality.predictive import measure_next_timepoint_error
from training.quality.privacy import attack_membership, compute_nearest_neighbour_ratio
from training.quality.statistics import (
    compute_autocorrelation_distance,
    compute_marginal_distance,
    compute_spectrum_distance,
)
from training.quality.transfer import JUDGE, measure_transfer

MOST_TESTED = 1024
"""Most real cases that a classifier is tested on, that distances are taken to, and synthetic ones that leak."""

Trio = list[TrainingCases]
Distance = Callable[[np.ndarray, np.ndarray], float]


def measure_quality(
    train: TrainingCases,
    held_out: TrainingCases,
    synthetic: TrainingCases,
    labels: tuple[Label, ...],
    measured_on: Literal["given test set", "held-out split"],
    seed: int,
) -> Quality | None:
    """Every measure of `bundle.evidence.Quality`; each is defined where it is computed, with its source.

    Series are in original units, of one shape and at least two timepoints. Three times as many synthetic cases as
    training cases, or more, in every class make the measures steadier. What needs labels is None or empty when
    `n_classes` is 1. None when no class has cases in all three sets.
    """
    random = np.random.default_rng(seed)
    train, held_out, synthetic = standardise_alike(train, held_out, synthetic)
    with threadpool_limits(1):
        trios = list(draw_rounds([train, held_out, synthetic], random))
        n_cases = len(trios[0][0].series)
        if n_cases == 0:
            return None
        return Quality(
            measured_on=measured_on,
            n_cases=n_cases,
            **_measure_telling_apart(trios, seed),
            **_measure_distances(trios, seed, random),
            **_measure_classes(train, held_out, synthetic, labels, seed, random),
            **_measure_copying(train, held_out, synthetic, random),
        )


def _measure_telling_apart(trios: list[Trio], seed: int) -> dict[str, Any]:
    if len(trios[0][0].series) < FEWEST:
        return {"discriminative_score": None, "discriminative_scores": {}, "discriminative_floor": None}
    scores, floors = {}, {}
    for judge in JUDGES:
        accuracies = [
            [
                measure_accuracy_apart(synthetic.series, held_out.series, judge, seed + number),
                measure_accuracy_apart(train.series, held_out.series, judge, seed + number),
            ]
            for number, (train, held_out, synthetic) in enumerate(trios)
        ]
        scores[judge.name], floors[judge.name] = np.abs(np.mean(accuracies, axis=0) - 0.5).tolist()
    return {
        "discriminative_score": max(scores.values()),
        "discriminative_scores": scores,
        "discriminative_floor": max(floors.values()),
    }


def _measure_distances(trios: list[Trio], seed: int, random: np.random.Generator) -> dict[str, Any]:
    """Synthetic to held-out, and train to held-out as the floor; means over the draws."""
    found: dict[str, Any] = {"frechet_distance": None, "frechet_floor": None}
    measures: dict[str, Distance] = {
        "predictive": lambda one, real: measure_next_timepoint_error(one, real, random),
        "marginal": compute_marginal_distance,
        "autocorrelation": compute_autocorrelation_distance,
        "spectrum": compute_spectrum_distance,
    }
    for name, measure in measures.items():
        suffix = "score" if name == "predictive" else "distance"
        pairs = [(measure(t[2].series, t[1].series), measure(t[0].series, t[1].series)) for t in trios]
        found[f"{name}_{suffix}"], found[f"{name}_floor"] = np.mean(pairs, axis=0).tolist()
    if len(trios[0][0].series) >= FEWEST:
        both = [
            compute_frechet_distances(held.series, (made.series, train.series), seed) for train, held, made in trios
        ]
        found["frechet_distance"], found["frechet_floor"] = np.mean(both, axis=0).tolist()
    return found


def _measure_classes(
    train: TrainingCases,
    held_out: TrainingCases,
    synthetic: TrainingCases,
    labels: tuple[Label, ...],
    seed: int,
    random: np.random.Generator,
) -> dict[str, Any]:
    tested = match_classes([held_out], random, MOST_TESTED)[0]
    transferred = measure_transfer(draw_rounds([train, synthetic], random), tested, seed)
    coverage, density = {}, {}
    real, made = match_classes([held_out, synthetic], random, MOST_TESTED)
    for index, label in enumerate(labels):
        pair = compute_coverage_and_density(
            real.series[real.class_index == index], made.series[made.class_index == index]
        )
        if pair is not None:
            coverage[str(label)], density[str(label)] = pair
    return {
        "judge": JUDGE.name if transferred else None,
        "trtr": transferred.trtr if transferred else None,
        "tstr_ratio": transferred.tstr_ratio if transferred else None,
        "trts_ratio": transferred.trts_ratio if transferred else None,
        "coverage": coverage,
        "density": density,
    }


def _measure_copying(
    train: TrainingCases, held_out: TrainingCases, synthetic: TrainingCases, random: np.random.Generator
) -> dict[str, Any]:
    real, made = match_classes([held_out, synthetic], random)
    targets = match_classes([train], random, MOST_TESTED)[0]
    inside, outside = match_classes([train, held_out], random)
    leaking = match_classes([synthetic], random, MOST_TESTED)[0]
    return {
        "nearest_neighbour_ratio": compute_nearest_neighbour_ratio(targets.series, real.series, made.series),
        "membership_attack": attack_membership(inside, outside, leaking, random),
    }

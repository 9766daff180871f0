"""The nearest case by dynamic time warping in a band of a tenth of the length (Sakoe & Chiba, 1978; by aeon)."""

from __future__ import annotations

import warnings

import numpy as np

from training.judging.arms import Arm
from training.judging.kinds import Bench, Judgement

REPEATS = 2
BAND = 0.1

MOST_CASES = 1000
"""Real ones; of more, distances would take minutes, and this kind does not judge."""


def judge(bench: Bench) -> Judgement:
    """See `training.judging.kinds`. A class's score is the distance to the nearest of its cases, negated."""
    asked = bench.standardise(bench.asked)
    to_real = _compute_distances(asked, bench.standardise(bench.real)[:MOST_CASES])

    def judgement(arm: Arm, seed: int) -> np.ndarray | None:
        del seed
        if arm.weighted or arm.name == "random oversampling" or len(bench.real.series) > MOST_CASES:
            return None
        distances = to_real
        if len(arm.added.series):
            distances = np.concatenate([to_real, _compute_distances(asked, bench.standardise(arm.added))], axis=1)
        classes = bench.join_classes(arm)
        nearest = [_find_nearest(distances[:, classes == index]) for index in range(bench.real.n_classes)]
        scores = -np.stack(nearest, axis=1)
        missing = np.isinf(scores)
        return np.where(missing, np.min(scores, where=~missing, initial=0.0) - 1.0, scores)

    return judgement


def _find_nearest(distances: np.ndarray) -> np.ndarray:
    nearest: np.ndarray = np.sqrt(distances.min(axis=1, initial=np.inf))
    return nearest


def _compute_distances(series: np.ndarray, others: np.ndarray) -> np.ndarray:
    # Importing aeon and numba takes seconds, which who measures nothing need not wait for.
    from aeon.distances import dtw_pairwise_distance

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="unsafe cast from uint64 to int64")
        distances: np.ndarray = dtw_pairwise_distance(
            series.astype(np.float64), others.astype(np.float64), window=BAND, n_jobs=1
        )
    return distances

"""The nearest real or synthetic training case by dynamic time warping in a band of a tenth of the length.

Sakoe & Chiba, 1978, by aeon. Where two are equally near, the real one, and of those the first, decides.
"""

from __future__ import annotations

import warnings

import numpy as np
from aeon.distances import dtw_pairwise_distance

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = False
takes = policies.adds_cases
BAND = 0.1


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    to_real = _compute_distances(trial.test.series, trial.cases.series)

    def probabilities(policy: str) -> np.ndarray:
        added = trial.make_added(policy)
        distances, classes = to_real, trial.cases.class_index
        if len(added.series):
            distances = np.concatenate([to_real, _compute_distances(trial.test.series, added.series)], axis=1)
            classes = np.concatenate([classes, added.class_index])
        certain: np.ndarray = np.eye(trial.cases.n_classes)[classes[distances.argmin(axis=1)]]
        return certain

    return probabilities


def _compute_distances(series: np.ndarray, others: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="unsafe cast from uint64 to int64")
        distances: np.ndarray = dtw_pairwise_distance(
            series.astype(np.float64), others.astype(np.float64), window=BAND, n_jobs=1
        )
    return distances

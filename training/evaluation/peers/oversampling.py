"""Copies of real cases, drawn at random with replacement (aeon's RandomOverSampler)."""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.imbalance import RandomOverSampler

from training.configuration import FitConfiguration
from training.evaluation.resampling import resample
from training.learning.cases import TrainingCases


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`."""
    return resample(lambda _, seed: RandomOverSampler(random_state=seed), cases, counts, configuration.seed)

"""Elastic SMOTE: between a case and a near one of its class, aligned by the distance TWE (aeon's ESMOTE)."""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.imbalance import ESMOTE

from training.configuration import FitConfiguration
from training.evaluation.resampling import resample
from training.learning.cases import TrainingCases


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`."""
    return resample(
        lambda neighbours, seed: ESMOTE(n_neighbors=neighbours, random_state=seed), cases, counts, configuration.seed
    )

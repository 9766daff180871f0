"""SMOTE (Chawla et al., 2002) on raw series: points between a case and one of its five nearest of its class (aeon)."""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.imbalance import SMOTE

from training.configuration import FitConfiguration
from training.evaluation.resampling import resample
from training.learning.cases import TrainingCases


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`."""
    return resample(
        lambda neighbours, seed: SMOTE(n_neighbors=neighbours, random_state=seed), cases, counts, configuration.seed
    )

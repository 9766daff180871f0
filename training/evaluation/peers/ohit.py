"""OHIT (Zhu et al., 2022): draws from shrunken Gaussians of a class's dense regions, on raw series (aeon)."""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.imbalance import OHIT

from training.configuration import FitConfiguration
from training.evaluation.resampling import resample
from training.learning.cases import TrainingCases


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`."""
    # aeon's own number of neighbours, ceil(1.25 sqrt(n)), is more than a class of two or three has.
    return resample(
        lambda neighbours, seed: OHIT(k=neighbours if neighbours < 3 else None, random_state=seed),
        cases,
        counts,
        configuration.seed,
    )

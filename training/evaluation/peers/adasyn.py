"""ADASYN (He et al., 2008): SMOTE that adds more where other classes are near (aeon).

Where no case of a class has a neighbour of another, aeon refuses and advises SMOTE, which then stands in. Rounding may
add a few cases more or less than asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from aeon.transformations.collection.imbalance import ADASYN, SMOTE

from training.configuration import FitConfiguration
from training.evaluation.resampling import resample
from training.learning.cases import TrainingCases


class _Adasyn(ADASYN):  # type: ignore[misc]  # aeon ships no types
    """ADASYN, or SMOTE where it cannot be."""

    def _transform(self, X: Any, y: Any = None) -> Any:
        try:
            return super()._transform(X, y)
        except (RuntimeError, ValueError):
            return SMOTE._transform(self, X, y)


def augment(cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases:
    """See `training.evaluation.peers`."""
    return resample(
        lambda neighbours, seed: _Adasyn(n_neighbors=neighbours, random_state=seed), cases, counts, configuration.seed
    )

"""aeon's imbalance transformers, asked for any number of cases of any class, however few cases that has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from training.learning.cases import TrainingCases

NEIGHBOURS = 5
"""As aeon and imbalanced-learn have it by default."""

Sampler = Callable[[int, int], Any]
"""Number of neighbours, at least 1, and seed to an aeon transformer that has not been fitted."""


def resample(sampler: Sampler, cases: TrainingCases, counts: np.ndarray, seed: int) -> TrainingCases:
    """`cases`, then what the sampler adds, class by class.

    aeon fills every class to the largest; the number to add to each is its public attribute `sampling_strategy_`, which
    is set here. A class has at most as many neighbours as it has other cases; a class of one is copied, as aeon's OHIT
    does. aeon's SMOTE family is univariate: several channels are laid end to end, as one long series.
    """
    series, class_index = [cases.series], [cases.class_index]
    for index in np.flatnonzero(counts):
        own = np.flatnonzero(cases.class_index == index)
        if len(own) == 1:
            made = np.repeat(cases.series[own], counts[index], axis=0)
        else:
            fresh = sampler(min(NEIGHBOURS, len(own) - 1), (seed + int(index)) % 2**32)
            made = _resample_class(fresh, cases, int(index), int(counts[index]))
        series.append(made)
        class_index.append(np.full(len(made), index, dtype=cases.class_index.dtype))
    return TrainingCases(np.concatenate(series), np.concatenate(class_index), cases.n_classes)


def _resample_class(sampler: Any, cases: TrainingCases, index: int, count: int) -> np.ndarray:
    n_cases = len(cases.series)
    flat = cases.series.reshape(n_cases, 1, -1).astype(np.float64)
    sampler.fit(flat, cases.class_index)
    sampler.sampling_strategy_ = {index: count}
    grown, _ = sampler.transform(flat, cases.class_index)
    made: np.ndarray = grown[n_cases:].reshape(-1, *cases.series.shape[1:]).astype(cases.series.dtype)
    return made

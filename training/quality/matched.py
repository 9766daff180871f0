"""Sets of cases are compared at equal counts of every class, in standardised units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from training.learning.cases import TrainingCases
from training.learning.scaling import Scaling

LIMIT = 256
"""Most cases of a set that is compared."""

CASES_JUDGED = 300
MOST_ROUNDS = 5


def standardise_alike(train: TrainingCases, *others: TrainingCases) -> tuple[TrainingCases, ...]:
    """All sets in units of the training set: per channel its mean is 0 and its standard deviation 1."""
    scaling = Scaling(train.series, train.series.shape[2])
    return tuple(
        TrainingCases(scaling.standardise(torch.as_tensor(cases.series)).numpy(), cases.class_index, cases.n_classes)
        for cases in (train, *others)
    )


def match_classes(
    sets: Sequence[TrainingCases], random: np.random.Generator, limit: int = LIMIT
) -> list[TrainingCases]:
    """A random part of each set, all with the same count of every class: the smallest among the sets.

    Where that makes more than `limit`, every class shrinks alike, to one case at the least.
    """
    counts = np.min([np.bincount(cases.class_index, minlength=cases.n_classes) for cases in sets], axis=0)
    if counts.sum() > limit:
        counts = np.where(counts > 0, np.maximum(1, counts * limit // counts.sum()), 0)
    return [_draw_part(cases, counts, random) for cases in sets]


def draw_rounds(sets: Sequence[TrainingCases], random: np.random.Generator) -> Iterator[list[TrainingCases]]:
    """Several matched draws of small sets, one of large: what is averaged over them depends less on the draw."""
    first = match_classes(sets, random)
    yield first
    for _ in range(1, min(MOST_ROUNDS, CASES_JUDGED // max(1, len(first[0].series)))):
        yield match_classes(sets, random)


def _draw_part(cases: TrainingCases, counts: np.ndarray, random: np.random.Generator) -> TrainingCases:
    order = random.permutation(len(cases.series))
    chosen = [order[cases.class_index[order] == index][:count] for index, count in enumerate(counts)]
    return cases.select(np.concatenate(chosen))

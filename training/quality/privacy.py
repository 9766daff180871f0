"""Whether synthetic series are copies of training cases, and what they give away about who was trained on."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from training.learning.cases import TrainingCases

HALVINGS = 20
FEWEST = 4


def compute_nearest_distance(cases: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Euclidean distance `[n_cases]` of each case to the nearest target; both `[n, n_channels, n_timepoints]`."""
    distance: np.ndarray = cdist(cases.reshape(len(cases), -1), targets.reshape(len(targets), -1)).min(axis=1)
    return distance


def compute_nearest_neighbour_ratio(train: np.ndarray, held_out: np.ndarray, made: np.ndarray) -> float | None:
    """Median distance synthetic to nearest training case, over held-out to nearest training case.

    All standardised. 0: copies; about 1: as near as new real cases; above: further off. None where half of the
    held-out cases are training cases. Source: the authenticity check of Alaa et al., 2022, as a ratio of medians.
    """
    usual = float(np.median(compute_nearest_distance(held_out, train)))
    return float(np.median(compute_nearest_distance(made, train))) / usual if usual > 0 else None


def attack_membership(
    train: TrainingCases, held_out: TrainingCases, synthetic: TrainingCases, random: np.random.Generator
) -> float | None:
    """Balanced accuracy of guessing which cases were trained on from the distance to the nearest synthetic one of
    their class: 1 is always right, .5 is chance, and with few cases chance scatters around it.

    `train` and `held_out` have equal counts of every class. Distances are over the median of the class. A threshold is
    picked on a random half of both and judged on the other, both ways, over 20 halvings; None for fewer than four
    cases each. Source: Chen et al., GAN-Leaks, 2020 (its full black-box attack).
    """
    inside, outside = _compute_relative_distances(train, held_out, synthetic)
    if len(inside) < FEWEST:
        return None
    guesses = []
    for _ in range(HALVINGS):
        one, other = _split_halves(inside, random), _split_halves(outside, random)
        for pick, judge in ((0, 1), (1, 0)):
            threshold = _find_best_threshold(one[pick], other[pick])
            guesses.append(_compute_balanced_accuracy(one[judge], other[judge], threshold))
    return float(np.mean(guesses))


def _compute_relative_distances(
    train: TrainingCases, held_out: TrainingCases, synthetic: TrainingCases
) -> tuple[np.ndarray, np.ndarray]:
    """Of train and of held-out cases, `[n]` each, over the median of their class."""
    inside, outside = [], []
    for index in np.unique(train.class_index):
        made = synthetic.series[synthetic.class_index == index]
        if len(made) == 0:
            continue
        pair = [compute_nearest_distance(cases.series[cases.class_index == index], made) for cases in (train, held_out)]
        median = float(np.median(np.concatenate(pair)))
        inside.append(pair[0] / (median or 1.0))
        outside.append(pair[1] / (median or 1.0))
    return np.concatenate(inside or [np.empty(0)]), np.concatenate(outside or [np.empty(0)])


def _split_halves(values: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    return np.array_split(random.permutation(values), 2)


def _find_best_threshold(inside: np.ndarray, outside: np.ndarray) -> float:
    distances = np.sort(np.concatenate([inside, outside]))
    candidates = np.concatenate([[-1.0], (distances[1:] + distances[:-1]) / 2, [distances[-1] + 1]])
    return float(max(candidates, key=lambda threshold: _compute_balanced_accuracy(inside, outside, threshold)))


def _compute_balanced_accuracy(inside: np.ndarray, outside: np.ndarray, threshold: float) -> float:
    return float(((inside <= threshold).mean() + (outside > threshold).mean()) / 2)

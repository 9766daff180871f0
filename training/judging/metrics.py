"""What a classifier is measured by: of soft decisions, so that few cases tell more than whether each is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from bundle.evidence import MetricName

SOFTNESS = 0.5
"""How unsure a soft decision is, as a share of the usual margin of the highest score. 0 would count right and wrong."""

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], float]
"""Truth `[n]`, soft decisions `[n, n_classes]` and weights `[n]` to a share, 0 … 1."""


def compute_margin(scores: np.ndarray) -> float:
    """The typical difference of the two highest of `scores` `[n, n_classes]`."""
    highest = np.sort(scores, axis=1)[:, -2:]
    return float(max(np.median(highest[:, 1] - highest[:, 0]), 1e-12))


def soften(scores: np.ndarray, margin: float) -> np.ndarray:
    """Soft decisions `[n, n_classes]`, each adding up to 1: where `margin` is small, the highest score has all."""
    decisions: np.ndarray = softmax(scores / (SOFTNESS * margin), axis=1)
    return decisions


def choose_metric(asked: MetricName | None, imbalanced: bool) -> MetricName:
    """The metric asked for; else accuracy, or balanced accuracy where classes are imbalanced."""
    return asked or ("balanced_accuracy" if imbalanced else "accuracy")


def _count_confusions(truth: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`[n_classes, n_classes]`: how much of the cases of a class (rows) is given to each class."""
    confusions = np.zeros((decisions.shape[1], decisions.shape[1]))
    np.add.at(confusions, truth, weights[:, None] * decisions)
    return confusions


def compute_accuracy(truth: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> float:
    """The share of cases that are given to their class."""
    return float(np.average(decisions[np.arange(len(truth)), truth], weights=weights))


def compute_balanced_accuracy(truth: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> float:
    """The mean over classes that have cases of the share that is given to them."""
    confusions = _count_confusions(truth, decisions, weights)
    totals = confusions.sum(axis=1)
    present = totals > 0
    return float((np.diag(confusions)[present] / totals[present]).mean())


def compute_macro_f1(truth: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> float:
    """The mean over classes that have cases of F1, the harmonic mean of precision and recall."""
    confusions = _count_confusions(truth, decisions, weights)
    own, given = confusions.sum(axis=1), confusions.sum(axis=0)
    present = own > 0
    return float((2 * np.diag(confusions)[present] / (own + given)[present]).mean())


def compute_average_precision(truth: np.ndarray, decisions: np.ndarray, weights: np.ndarray) -> float:
    """The mean over classes that have cases of average precision, each against all others."""
    present = np.flatnonzero(np.bincount(truth, weights, decisions.shape[1]))
    each = [average_precision_score(truth == index, decisions[:, index], sample_weight=weights) for index in present]
    return float(np.mean(each))


METRICS: dict[MetricName, Metric] = {
    "accuracy": compute_accuracy,
    "balanced_accuracy": compute_balanced_accuracy,
    "macro_f1": compute_macro_f1,
    "average_precision": compute_average_precision,
}

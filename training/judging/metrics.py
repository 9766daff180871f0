"""What a classifier is measured by, class by class, of soft decisions: few cases tell more so than right or wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from bundle.evidence import MetricName

SOFTNESS = 1.0
"""How unsure a soft decision is, as a share of the usual margin of the highest score. 0 would count right and wrong."""

ClassScore = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Classes `[n]` and soft decisions `[n, n_classes]` to a class's score, 0 … 1, `[n_classes]`; NaN without cases."""


def compute_margin(scores: np.ndarray) -> float:
    """The usual difference of the two highest of `scores` `[n, n_classes]`."""
    highest = np.sort(scores, axis=1)[:, -2:]
    return float(max(np.median(highest[:, 1] - highest[:, 0]), 1e-12))


def soften(scores: np.ndarray, margin: float) -> np.ndarray:
    """Soft decisions `[n, n_classes]`, each adding up to 1: where `margin` is small, the highest score has all."""
    decisions: np.ndarray = softmax(scores / (SOFTNESS * margin), axis=1)
    return decisions


def choose_metric(asked: MetricName | None, imbalanced: bool) -> MetricName:
    """The metric asked for; else accuracy, or balanced accuracy where classes are imbalanced."""
    return asked or ("balanced_accuracy" if imbalanced else "accuracy")


def weigh_classes(metric: MetricName, counts: np.ndarray) -> np.ndarray:
    """What each class counts in the metric, `[n_classes]`, 1 in all: by its cases in accuracy, else as any other."""
    counted = counts if metric == "accuracy" else counts > 0
    weights: np.ndarray = counted / counted.sum()
    return weights


def compute_recall(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """The share of a class's cases that are given to it. Accuracy and balanced accuracy are means of it."""
    given = _count_given(truth, decisions)
    return _divide(np.diag(given), given.sum(axis=1))


def compute_f1(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """The harmonic mean of a class's precision and recall."""
    given = _count_given(truth, decisions)
    own, all_given = given.sum(axis=1), given.sum(axis=0)
    return np.where(own > 0, _divide(2 * np.diag(given), own + all_given), np.nan)


def compute_average_precision(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """The area under the curve of precision by recall, of a class against all others."""
    found = np.full(decisions.shape[1], np.nan)
    for index in np.unique(truth):
        found[index] = average_precision_score(truth == index, decisions[:, index])
    return found


def _count_given(truth: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """`[n_classes, n_classes]`: how much of the cases of a class (rows) is given to each class."""
    given = np.zeros((decisions.shape[1], decisions.shape[1]))
    np.add.at(given, truth, decisions)
    return given


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to divide by."""
    divided: np.ndarray = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return divided


CLASS_SCORES: dict[MetricName, ClassScore] = {
    "accuracy": compute_recall,
    "balanced_accuracy": compute_recall,
    "macro_f1": compute_f1,
    "average_precision": compute_average_precision,
}
"""Of which each metric is a mean over classes, by `weigh_classes`."""

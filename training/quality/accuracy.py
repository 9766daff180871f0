"""How well a classifier does on cases that nothing was trained on, by class and over all, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, f1_score

from bundle.evidence import AveragePrecision, Recall, ShareInterval
from bundle.manifest import Label
from training.choosing.balance import is_imbalanced


def measure_accuracy(
    truth: np.ndarray, probabilities: np.ndarray, labels: tuple[Label, ...], learned: np.ndarray
) -> dict[str, Any]:
    """The fields of `bundle.evidence.Metrics` that speak of the classifier, of at least one case.

    `truth` `[n]` are class indices and `probabilities` `[n, n_classes]` what the classifier gives. `learned` are the
    class indices of the cases that it was trained on: they tell whether a class is rare.
    """
    predicted = probabilities.argmax(axis=1)
    recall = {str(label): _measure_recall(predicted[truth == index] == index) for index, label in enumerate(labels)}
    measured = [one for one in recall.values() if one.n_cases]
    n_correct = int((predicted == truth).sum())
    low, high = compute_wilson_interval(n_correct, len(truth))
    return {
        "accuracy": n_correct / len(truth),
        "accuracy_interval": ShareInterval(low=low, high=high),
        "balanced_accuracy": float(np.mean([one.share for one in measured])),
        "balanced_interval": combine_intervals(measured),
        "macro_f1": float(f1_score(truth, predicted, average="macro")),
        "average_precision": _measure_precision(truth, probabilities, labels, learned),
        "recall": recall,
        "n_measured": len(truth),
    }


def compute_wilson_interval(n_correct: int, n_cases: int) -> tuple[float, float]:
    """The 95 % interval of a share of cases (Wilson, 1927), which holds for few cases too; 0 to 1 of none."""
    if n_cases == 0:
        return 0.0, 1.0
    interval = binomtest(n_correct, n_cases).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def combine_intervals(recalls: Sequence[Recall]) -> ShareInterval:
    """The 95 % interval of the mean of several recalls, each of at least one case, from the interval of each.

    On either side of the mean lies the root of the summed squares of the recalls' own distances, over their number
    (MOVER: Zou, Huang & Zhang, 2009). A bootstrap within classes would call three cases of three beyond doubt.
    """
    shares, lows, highs = (np.array([getattr(one, name) for one in recalls]) for name in ("share", "low", "high"))
    mean = shares.mean()
    below, above = (float(np.linalg.norm(shares - ends)) / len(recalls) for ends in (lows, highs))
    return ShareInterval(low=max(0.0, mean - below), high=min(1.0, mean + above))


def _measure_recall(correct: np.ndarray) -> Recall:
    n_cases, n_correct = len(correct), int(correct.sum())
    low, high = compute_wilson_interval(n_correct, n_cases)
    share = n_correct / n_cases if n_cases else None
    return Recall(n_cases=n_cases, n_correct=n_correct, share=share, low=low, high=high)


def _measure_precision(
    truth: np.ndarray, probabilities: np.ndarray, labels: tuple[Label, ...], learned: np.ndarray
) -> AveragePrecision | None:
    """Of the class with the fewest cases learned from, the first of equals; None where there is no rare one of many,
    or where it was not measured."""
    counts = np.bincount(learned, minlength=len(labels))
    rarest = int(counts.argmin())
    chance = float((truth == rarest).mean())
    if not (len(labels) == 2 or is_imbalanced(learned)) or not 0 < chance < 1:
        return None
    value = float(average_precision_score(truth == rarest, probabilities[:, rarest]))
    return AveragePrecision(label=str(labels[rarest]), value=min(value, 1.0), chance=chance)

"""Discriminative score: how well a judge tells one set of series from another; 0 is not at all, .5 always."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedKFold

from training.quality.judges import Judge

FOLDS = 5
FEWEST = 4
"""Cases of each set under which nothing is measured."""


def measure_accuracy_apart(one: np.ndarray, other: np.ndarray, judge: Judge, seed: int) -> float:
    """Accuracy of `judge` in telling the sets apart, each series judged once by cross-validation.

    Both `[n_cases, n_channels, n_timepoints]`, standardised, equally many (at least FEWEST). Source: Yoon et al.,
    TimeGAN, 2019, with cross-validation in place of one split and two strong classifiers in place of one GRU. The
    score is abs(accuracy - .5); with few cases it is above 0 by chance, which is why its floor stands beside it.
    """
    features = judge.features(np.concatenate([one, other]), seed)
    origin = np.repeat([1, 0], [len(one), len(other)])
    folds = StratifiedKFold(min(FOLDS, len(one), len(other)), shuffle=True, random_state=seed)
    correct = np.zeros(len(origin), bool)
    for learn, test in folds.split(features, origin):
        classifier = judge.classifier().fit(features[learn], origin[learn])
        correct[test] = classifier.predict(features[test]) == origin[test]
    return float(correct.mean())

"""A random forest (Breiman, 2001) of catch22 (Lubba et al., 2019), mean and spread, on real and synthetic cases."""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.feature_based import Catch22
from sklearn.ensemble import RandomForestClassifier

from training.choosing.rocket import lengthen
from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = True
N_TREES = 200


def takes(policy: str) -> bool:
    """Whatever adds cases, and class weights in its place."""
    return policies.adds_cases(policy) or policy == policies.CLASS_WEIGHTS


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    real, test = _compute_features(trial.cases.series), _compute_features(trial.test.series)

    def probabilities(policy: str) -> np.ndarray:
        features, classes, weighed = real, trial.cases.class_index, policy == policies.CLASS_WEIGHTS
        if not weighed and len((added := trial.make_added(policy)).series):
            features = np.concatenate([real, _compute_features(added.series)])
            classes = np.concatenate([classes, added.class_index])
        forest = RandomForestClassifier(
            N_TREES, class_weight="balanced" if weighed else None, random_state=trial.configuration.seed, n_jobs=1
        )
        forest.fit(features, classes)
        shares = np.zeros((len(test), trial.cases.n_classes))
        shares[:, forest.classes_] = forest.predict_proba(test)
        return shares

    return probabilities


def _compute_features(series: np.ndarray) -> np.ndarray:
    """`[n_cases, n_features]`, 24 of each channel."""
    found: np.ndarray = Catch22(catch24=True, replace_nans=True).fit_transform(lengthen(series).astype(np.float64))
    return found

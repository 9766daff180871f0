"""MiniRocket (Dempster, Schmidt & Webb, 2021) and a ridge classifier on real and synthetic cases together.

The kernels' biases come from the real training cases, so that every policy meets the same features, and only the ridge
classifier is fitted anew. Probabilities are the softmax of its decision values: rough odds.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from training.choosing.rocket import Rocket, make_ridge
from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = True


def takes(policy: str) -> bool:
    """Whatever adds cases, and class weights in its place."""
    return policies.adds_cases(policy) or policy == policies.CLASS_WEIGHTS


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    rocket = Rocket(trial.cases.series, trial.configuration.seed)
    real, test = rocket(trial.cases.series), rocket(trial.test.series)

    def probabilities(policy: str) -> np.ndarray:
        features, classes, weighed = real, trial.cases.class_index, policy == policies.CLASS_WEIGHTS
        if not weighed and len((added := trial.make_added(policy)).series):
            features = np.concatenate([real, rocket(added.series)])
            classes = np.concatenate([classes, added.class_index])
        fitted = make_ridge("balanced" if weighed else None).fit(features, classes)
        return _compute_odds(fitted.decision_function(test), fitted.classes_, trial.cases.n_classes)

    return probabilities


def _compute_odds(decision: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """`[n, n_classes]`; two classes have a single decision value, and a class not learnt has no chance."""
    values = np.stack([-decision, decision], axis=1) if decision.ndim == 1 else decision
    odds = np.zeros((len(values), n_classes))
    odds[:, classes] = softmax(values, axis=1)
    return odds

"""MiniRocket (Dempster, Schmidt & Webb, 2021) and a ridge classifier on real and synthetic cases together.

The kernels' biases come from the real training cases, so that every policy meets the same features, and only the ridge
classifier is fitted anew. Probabilities are the softmax of its decision values: rough odds.
"""

from __future__ import annotations

import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket
from scipy.special import softmax
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = True
takes = policies.adds_cases
ALPHAS = np.logspace(-3, 3, 10)
MIN_TIMEPOINTS = 9
"""The length of a kernel."""


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    kernels = MiniRocket(random_state=trial.configuration.seed % 2**31, n_jobs=1)
    real = kernels.fit_transform(_long_enough(trial.cases.series))
    test = kernels.transform(_long_enough(trial.test.series))

    def probabilities(policy: str) -> np.ndarray:
        added = trial.added(policy)
        features, classes = real, trial.cases.class_index
        if len(added.series):
            features = np.concatenate([real, kernels.transform(_long_enough(added.series))])
            classes = np.concatenate([classes, added.class_index])
        ridge = make_pipeline(StandardScaler(with_mean=False), RidgeClassifierCV(alphas=ALPHAS)).fit(features, classes)
        return _odds(ridge.decision_function(test), ridge.classes_, trial.cases.n_classes)

    return probabilities


def _long_enough(series: np.ndarray) -> np.ndarray:
    missing = max(0, MIN_TIMEPOINTS - series.shape[2])
    return np.pad(series, ((0, 0), (0, 0), (0, missing)), mode="edge").astype(np.float32)


def _odds(decision: np.ndarray, classes: np.ndarray, n_classes: int) -> np.ndarray:
    """`[n, n_classes]`; two classes have a single decision value, and a class not learnt has no chance."""
    values = np.stack([-decision, decision], axis=1) if decision.ndim == 1 else decision
    odds = np.zeros((len(values), n_classes))
    odds[:, classes] = softmax(values, axis=1)
    return odds

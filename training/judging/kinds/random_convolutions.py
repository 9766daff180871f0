"""MiniRocket (Dempster, Schmidt & Webb, 2021) and a ridge classifier.

The kernels' biases come from the real cases, so that every arm meets the same features.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.choosing.rocket import PENALTIES, Rocket, make_ridge
from training.judging.arms import Arm
from training.judging.kinds import Bench, Judgement, spread_scores

REPEATS = 2


def judge(bench: Bench) -> Judgement:
    """See `training.judging.kinds`."""
    real = bench.standardise(bench.real)
    rocket = Rocket(real, bench.maker.configuration.seed)
    features, asked = rocket(real), rocket(bench.standardise(bench.asked))

    def judgement(arm: Arm, seed: int) -> np.ndarray | None:
        del seed  # it is that of the arm's cases; neither kernels nor ridge draw anything more
        learned = [features, rocket(bench.standardise(arm.added))] if len(arm.added.series) else [features]
        if arm.shares is not None:
            targets = np.concatenate([np.eye(bench.real.n_classes)[bench.real.class_index], arm.shares])
            return _regress(np.concatenate(learned), targets, asked)
        ridge = make_ridge("balanced" if arm.weighted else None)
        ridge.fit(np.concatenate(learned), bench.join_classes(arm))
        return spread_scores(ridge.decision_function(asked), ridge.classes_, bench.real.n_classes)

    return judgement


def _regress(features: np.ndarray, shares: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Scores of the asked by what `make_ridge` is inside, a regression on −1 and 1, here on what lies between too."""
    ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES)).fit(features, 2 * shares - 1)
    scores: np.ndarray = ridge.predict(asked)
    return scores

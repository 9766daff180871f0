"""A random forest (Breiman, 2001) of catch22 (Lubba et al., 2019), with mean and spread, by aeon and scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from training.choosing.rocket import lengthen
from training.judging.arms import Arm
from training.judging.kinds import Bench, Judgement, spread_scores

REPEATS = 2
N_TREES = 60


def judge(bench: Bench) -> Judgement:
    """See `training.judging.kinds`. A class's score is its probability."""
    real, asked = (_compute_features(bench.standardise(cases)) for cases in (bench.real, bench.asked))

    def judgement(arm: Arm, seed: int) -> np.ndarray | None:
        learned = [real, _compute_features(bench.standardise(arm.added))] if len(arm.added.series) else [real]
        forest = RandomForestClassifier(
            N_TREES, class_weight="balanced" if arm.weighted else None, random_state=seed % 2**32, n_jobs=1
        )
        forest.fit(np.concatenate(learned), bench.join_classes(arm))
        return spread_scores(forest.predict_proba(asked), forest.classes_, bench.real.n_classes)

    return judgement


def _compute_features(series: np.ndarray) -> np.ndarray:
    """`[n_cases, n_features]`, 24 of each channel."""
    # Importing aeon and numba takes seconds, which who measures nothing need not wait for.
    from aeon.transformations.collection.feature_based import Catch22

    found: np.ndarray = Catch22(catch24=True, replace_nans=True).fit_transform(lengthen(series).astype(np.float64))
    return found

"""Our classifier, trained with a policy as `fit.py` does it; a peer's cases are put beside the real ones."""

from __future__ import annotations

import numpy as np

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import SECOND_SEED, Trial

ODDS = True


def takes(policy: str) -> bool:
    """Every policy there is."""
    return policy in policies.list_known()


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""

    def probabilities(policy: str) -> np.ndarray:
        ours = policies.find_ours(policy)
        if ours:
            return trial.predict(ours)
        if policy in policies.list_peers():
            return trial.predict_with_added(policy)
        return _compose(trial, policy)

    return probabilities


def _compose(trial: Trial, policy: str) -> np.ndarray:
    """Policies that use what the others trained."""
    if policy == policies.BALANCED_WARPS:
        return trial.predict("warps", balance=1.0)
    if policy == policies.CLASS_WEIGHTS:  # a network weighs a class by drawing it as often as the others
        return trial.predict("none", balance=1.0)
    if policy == "auto":
        return trial.predict_chosen(trial.uplift.policy)
    if policy == "auto-without-latent":
        return trial.predict_chosen(trial.chosen_without_latent)
    second = trial.predict("none", seed_shift=SECOND_SEED)
    first = trial.predict("none") if policy == "none-pair" else _compose(trial, "auto")
    mean: np.ndarray = (first + second) / 2
    return mean

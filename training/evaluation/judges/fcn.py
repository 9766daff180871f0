"""Our classifier, trained with a policy as `fit.py` does it; a peer's cases are put beside the real ones."""

from __future__ import annotations

import numpy as np

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import SECOND_SEED, Trial

ODDS = True


def takes(policy: str) -> bool:
    """Every policy there is."""
    return policy in policies.known()


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""

    def probabilities(policy: str) -> np.ndarray:
        ours = policies.as_ours(policy)
        if ours:
            return trial.probabilities(ours)
        if policy in policies.peers():
            return trial.with_added(policy)
        return _composed(trial, policy)

    return probabilities


def _composed(trial: Trial, policy: str) -> np.ndarray:
    """Policies that use what the others trained."""
    if policy == policies.BALANCED_WARPS:
        return trial.probabilities("warps", balance=1.0)
    if policy == "auto":
        return trial.chosen(trial.uplift.policy)
    if policy == "auto-without-latent":
        return trial.chosen(trial.chosen_without_latent)
    second = trial.probabilities("none", seed_shift=SECOND_SEED)
    first = trial.probabilities("none") if policy == "none-pair" else _composed(trial, "auto")
    mean: np.ndarray = (first + second) / 2
    return mean

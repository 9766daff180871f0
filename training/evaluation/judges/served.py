"""What `/classify` answers: our classifier with the policy that auto chose and its companion, as `fit.py` ships them.

Under the policy "none" stands what is free: MiniRocket and a ridge classifier of the real cases, two lines with aeon
and scikit-learn, so that the difference to "none" is what a bundle is worth to who classifies with it.
"""

from __future__ import annotations

import numpy as np

from training.choosing.policies import compute_log_probabilities
from training.evaluation.judges import Judgement, minirocket
from training.evaluation.trial import Trial

ODDS = True


def takes(policy: str) -> bool:
    """Auto, which is served, and none, which is free."""
    return policy in ("auto", "none")


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    free = minirocket.judge(trial)

    def probabilities(policy: str) -> np.ndarray:
        if policy == "none":
            return free(policy)
        network = trial.predict_chosen(trial.uplift.policy)
        if (companion := trial.cross_validation.companion) is None:
            return network
        other = np.exp(compute_log_probabilities(companion.network, trial.scaling, trial.test.series))
        weight = companion.pooling.weight
        mean: np.ndarray = (1 - weight) * network + weight * other
        return mean

    return probabilities

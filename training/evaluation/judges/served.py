"""What `/classify` answers: our classifier with the policy that auto chose and its companion, as `fit.py` ships them.

Under the policy "none" stands what is free: MiniRocket and a ridge classifier of the real cases, two lines with aeon
and scikit-learn, with class weights where classes are imbalanced, so that the difference to "none" is what a bundle is
worth to who classifies with it.
"""

from __future__ import annotations

import numpy as np

from training.choosing.adjusting import adjust
from training.choosing.balance import is_imbalanced
from training.choosing.companion import pool
from training.choosing.policies import compute_log_probabilities
from training.evaluation import policies
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
            return free(policies.CLASS_WEIGHTS if is_imbalanced(trial.cases.class_index) else "none")
        found = np.log(np.maximum(trial.predict_chosen(trial.uplift.policy), 1e-30))
        if (companion := trial.cross_validation.companion) is not None:
            other = compute_log_probabilities(companion.network, trial.scaling, trial.test.series)
            found = pool(found, other, companion.pooling.weight)
        if (adjustment := trial.cross_validation.adjustment) is not None:
            counts = np.bincount(trial.cases.class_index, minlength=trial.cases.n_classes)
            found = adjust(found, counts, adjustment.strength)
        answered: np.ndarray = np.exp(found)
        return answered

    return probabilities

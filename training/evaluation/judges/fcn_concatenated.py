"""Our classifier trained by plain cross-entropy on real and synthetic cases together, as a user would, equal steps."""

from __future__ import annotations

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = True
takes = policies.adds_cases


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    return trial.predict_with_added

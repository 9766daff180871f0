"""A network of InceptionTime (Ismail Fawaz et al., 2020), half as wide, trained plainly on real and synthetic cases."""

from __future__ import annotations

from functools import partial

from training.evaluation import policies
from training.evaluation.judges import Judgement
from training.evaluation.trial import Trial

ODDS = True


def takes(policy: str) -> bool:
    """Whatever adds cases, and class weights in its place."""
    return policies.adds_cases(policy) or policy == policies.CLASS_WEIGHTS


def judge(trial: Trial) -> Judgement:
    """See `training.evaluation.judges`."""
    return partial(trial.predict_with_added, family="inception")

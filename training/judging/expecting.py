"""What is to be expected of an arm: what was measured, drawn towards what was usual on other datasets.

A few dozen held-out cases tell a gain to within several points, and gains are mostly smaller. With a normal
distribution of true gains around what is usual (mean m, standard deviation s, both learned from other datasets, whose
gains are known from their test sets) and of errors around the true gain (standard deviation e), the expected gain is
m + s² / (s² + e²) (measured - m), with standard deviation s e / √(s² + e²) (empirical Bayes; Efron & Morris, 1975).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot
from pathlib import Path

from bundle.evidence import Advice, Free, Interval, JudgeAdvice, JudgeKind, MetricName, Verdict
from bundle.generation.policy import PolicyName
from training.judging.comparing import Decided, Difference, compare
from training.judging.metrics import choose_metric

FILE = Path(__file__).with_name("usual.json")

LEAST_GAIN = 1.0
"""Points, from which on an expected gain is worth the trouble."""

QUANTILE = 1.96


@dataclass(frozen=True)
class Usual:
    """Means of true gains, in points, by kind and arm, with imbalanced classes and without, their standard deviation
    around it, and the factor on standard errors by which measured gains miss the true ones."""

    means: dict[str, float]
    spread: dict[str, float]
    error_factor: float

    def expect(self, kind: JudgeKind, arm: str, imbalanced: bool, measured: Difference | None) -> Interval:
        """The expected gain with its 95 % interval; without a measurement it is the usual one."""
        regime = "imbalanced" if imbalanced else "balanced"
        mean, spread = self.means[f"{regime}, {kind}, {arm}"], self.spread[regime]
        if measured is not None:
            error = max(self.error_factor * measured.error, 1e-9)
            mean += spread**2 / (spread**2 + error**2) * (measured.mean - mean)
            spread = spread * error / hypot(spread, error)
        return Interval(mean=mean, low=mean - QUANTILE * spread, high=mean + QUANTILE * spread)


@cache
def read_usual(file: Path = FILE) -> Usual:
    """What `python -m training.judging.learn` wrote."""
    return Usual(**json.loads(file.read_text()))


def advise_kind(
    kind: JudgeKind, measured: dict[str, Difference], imbalanced: bool, usual: Usual | None = None
) -> JudgeAdvice:
    """What a kind of classifier is to expect of ours and of what is free, and the verdict on it."""
    usual = usual or read_usual()
    expected = {arm: usual.expect(kind, arm, imbalanced, found) for arm, found in measured.items()}
    ours = expected.pop("ours")
    free: dict[Free, Interval] = {arm: interval for arm, interval in expected.items()}  # type: ignore[misc]
    found = measured["ours"]
    half = QUANTILE * found.error
    return JudgeAdvice(
        judge=kind,
        verdict=decide_verdict(ours, free),
        uplift=ours,
        measured=Interval(mean=found.mean, low=found.mean - half, high=found.mean + half),
        free=free,
    )


def summarise_advice(
    policy: PolicyName, folds: Sequence[Decided], metric: MetricName | None, imbalanced: bool
) -> Advice:
    """Advice on adding a policy's cases, by what `judge_arms` found in each fold; without folds there is no evidence.

    `metric` None: the one that fits the classes.
    """
    fitting = choose_metric(metric, imbalanced)
    if not folds:
        return Advice(policy=policy, use=False, uplift=None, metric=fitting)
    judges = [advise_kind(kind, arms, imbalanced) for kind, arms in compare(folds, fitting).items()]
    best = max(judges, key=lambda judge: judge.uplift.mean)
    use = any(judge.verdict == "use it" for judge in judges)
    return Advice(policy=policy, use=use, uplift=best.uplift, metric=fitting, judges=judges)


def decide_verdict(ours: Interval, free: dict[Free, Interval]) -> Verdict:
    """By the expected gains alone: intervals say how sure that is."""
    best = max((interval.mean for interval in free.values()), default=0.0)
    if ours.mean >= LEAST_GAIN and ours.mean >= best:
        return "use it"
    return "free does as well" if best >= LEAST_GAIN else "no gain"

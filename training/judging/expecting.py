"""What is to be expected of an arm: what was measured, drawn towards what was usual on other datasets.

A few dozen held-out cases tell a gain to within several points, and gains are mostly smaller; of rare classes hardly a
case is held out. With a normal distribution of true gains around what is usual (mean m, standard deviation s, both
learned from other datasets, whose gains are known from their test sets) and of errors around the true gain (standard
deviation e), the expected gain is m + s² / (s² + e²) (measured - m), with variance s² e² / (s² + e²) (empirical Bayes;
Efron & Morris, 1975). It is formed of rare classes and of the others apart, as they gain and lose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot, sqrt
from pathlib import Path
from typing import cast, get_args

import numpy as np

from bundle.evidence import Advice, Free, Interval, JudgeAdvice, JudgeKind, MetricName, Verdict
from bundle.generation.policy import PolicyName, find_source
from training.choosing.balance import find_rare
from training.judging.comparing import Decided, Difference, Differences, Group, compare
from training.judging.metrics import choose_metric

FILE = Path(__file__).with_name("usual.json")

LEAST_GAIN = 1.0
"""Points, from which on an expected gain is worth the trouble."""

QUANTILE = 1.96


@dataclass(frozen=True)
class Place:
    """Where a gain was found: a metric, a group of classes, a kind of classifier."""

    metric: MetricName
    group: Group
    kind: JudgeKind

    @property
    def name(self) -> str:
        """As the usual is listed; accuracy and balanced accuracy are both means of recalls."""
        score = "recall" if self.metric in ("accuracy", "balanced_accuracy") else self.metric
        return f"{score}, {self.group}, {self.kind}"


@dataclass(frozen=True)
class Usual:
    """True gains on other datasets, in points.

    `means` by score of a class, group of classes, kind and arm (`Place.name`); `spreads`, their standard deviation
    around these, by score, group and kind. A measured gain misses the true one by `error_factor` times its standard
    error, and by `least_error` besides.
    """

    means: dict[str, float]
    spreads: dict[str, float]
    error_factor: float
    least_error: float

    def expect(self, place: Place, arm: str, measured: Difference) -> tuple[float, float]:
        """The expected gain of a group of classes and its variance; what was not measured is as usual."""
        mean, spread = self.means[f"{place.name}, {arm}"], self.spreads[place.name]
        if measured.mean is None or measured.error is None:
            return mean, spread**2
        error = hypot(self.error_factor * measured.error, self.least_error)
        weight = spread**2 / (spread**2 + error**2)
        return mean + weight * (measured.mean - mean), (1 - weight) * spread**2


def name_arm(arm: str) -> str:
    """As the usual is listed: what is free by its name, ours as warped cases, or as cases moved in the latent space."""
    if arm in get_args(Free):
        return arm
    return "warped" if find_source(cast(PolicyName, arm)) in ("warps", "guided") else "moved"


@cache
def read_usual(file: Path = FILE) -> Usual:
    """What `python -m training.evaluation.expected` wrote."""
    return Usual(**json.loads(file.read_text()))


def expect_gain(usual: Usual, metric: MetricName, kind: JudgeKind, arm: str, measured: Differences) -> Interval:
    """The expected gain in a metric, by those of its groups of classes, with its 95 % interval."""
    mean, variance = 0.0, 0.0
    for group, difference in measured.items():
        own, own_variance = usual.expect(Place(metric, group, kind), arm, difference)
        mean += difference.share * own
        variance += difference.share**2 * own_variance
    return build_interval(mean, variance)


def build_interval(mean: float, variance: float) -> Interval:
    """95 % of a normal distribution."""
    half = QUANTILE * sqrt(variance)
    return Interval(mean=mean, low=mean - half, high=mean + half)


def summarise_measured(measured: Differences) -> Interval | None:
    """What was measured of all groups together; None where no case of one of them was held out."""
    mean, variance = 0.0, 0.0
    for difference in measured.values():
        if difference.mean is None or difference.error is None:
            return None
        mean += difference.share * difference.mean
        variance += (difference.share * difference.error) ** 2
    return build_interval(mean, variance)


def advise_kind(
    kind: JudgeKind,
    measured: dict[str, Differences],
    policy: PolicyName,
    metric: MetricName,
    usual: Usual | None = None,
) -> JudgeAdvice:
    """What a kind of classifier is to expect of ours and of what is free, and the verdict on it."""
    usual = usual or read_usual()
    expected = {arm: expect_gain(usual, metric, kind, name_arm(arm), own) for arm, own in measured.items()}
    ours = expected.pop(policy)
    free: dict[Free, Interval] = {arm: interval for arm, interval in expected.items()}  # type: ignore[misc]
    return JudgeAdvice(
        judge=kind,
        verdict=decide_verdict(ours, free),
        uplift=ours,
        measured=summarise_measured(measured[policy]),
        free=free,
    )


def summarise_advice(
    policy: PolicyName, folds: Sequence[Decided], metric: MetricName | None, counts: np.ndarray
) -> Advice:
    """Advice on adding a policy's cases, by what `judge_arms` found in each fold; without folds there is no evidence.

    `metric` None: the one that fits classes of `counts` `[n_classes]`.
    """
    fitting = choose_metric(metric, bool(find_rare(counts).any()))
    if not folds:
        return Advice(policy=policy, use=False, uplift=None, metric=fitting)
    measured = compare(folds, fitting, counts)
    judges = [advise_kind(kind, arms, policy, fitting) for kind, arms in measured.items()]
    best = max(judges, key=lambda judge: judge.uplift.mean)
    use = any(judge.verdict == "use it" for judge in judges)
    return Advice(policy=policy, use=use, uplift=best.uplift, metric=fitting, judges=judges)


def decide_verdict(ours: Interval, free: dict[Free, Interval]) -> Verdict:
    """By the expected gains alone: intervals say how sure that is."""
    best = max((interval.mean for interval in free.values()), default=0.0)
    if ours.mean >= LEAST_GAIN and ours.mean >= best:
        return "use it"
    return "free does as well" if best >= LEAST_GAIN else "no gain"

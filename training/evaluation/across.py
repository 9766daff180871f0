"""What cases put beside the real ones bring in the mean of the judges, and over what is free.

A judge's difference is paired as everywhere: by seed, within a dataset. What is free is the better of `policies.FREE`,
for each judge of those that it takes, by one of two rules: the one with the higher mean over datasets, which a user
could know of, or on each dataset the higher, an oracle that saw the test set, which is harder to beat than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.evaluation import judges, policies
from training.evaluation.comparison import Comparison

Rule = Literal["by judge", "by judge and dataset"]


@dataclass(frozen=True)
class Mean:
    """Points by dataset, in the mean of those `judges` that took the policy; over what is free by each rule, where
    there is such: nothing for what is free itself."""

    policy: str
    judges: tuple[str, ...]
    uplift: dict[str, float]
    over_free: dict[Rule, dict[str, float]]


def compute_means(compared: Sequence[Comparison]) -> list[Mean]:
    """One for each policy that two judges took, or more."""
    beside = [comparison for comparison in compared if comparison.judge not in judges.OURS]
    order = dict.fromkeys(policy for comparison in beside for policy in comparison.compared)
    means = []
    for policy in order:
        own = [comparison for comparison in beside if policy in comparison.compared]
        if len(own) > 1:
            uplift = _average([comparison.compute_uplift(policy) for comparison in own])
            names = tuple(comparison.judge for comparison in own)
            means.append(Mean(policy, names, uplift, _compute_over_free(own, policy)))
    return means


def _compute_over_free(compared: Sequence[Comparison], policy: str) -> dict[Rule, dict[str, float]]:
    """Nothing where a judge took none of what is free."""
    free = [[name for name in policies.FREE if name in comparison.compared] for comparison in compared]
    if policy in policies.FREE or not all(free):
        return {}
    best = [
        max(names, key=lambda name: float(np.mean(list(own.compute_uplift(name).values()))))
        for own, names in zip(compared, free, strict=True)
    ]
    oracles = []
    for own, names in zip(compared, free, strict=True):
        over = [own.compute_uplift(policy, name) for name in names]
        shared = set.intersection(*(set(each) for each in over))
        oracles.append({dataset: min(each[dataset] for each in over) for dataset in sorted(shared)})
    return {
        "by judge": _average([own.compute_uplift(policy, name) for own, name in zip(compared, best, strict=True)]),
        "by judge and dataset": _average(oracles),
    }


def _average(uplifts: Sequence[dict[str, float]]) -> dict[str, float]:
    """By dataset, the mean over the judges that have it."""
    names = sorted({name for uplift in uplifts for name in uplift})
    return {name: float(np.mean([uplift[name] for uplift in uplifts if name in uplift])) for name in names}

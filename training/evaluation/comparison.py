"""Rows arranged as the table and the plots need them: one judge, every policy beside what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.evaluation import judges, policies
from training.evaluation.results import Row
from training.evaluation.statistics import Values

Measure = Literal["accuracy", "balanced_accuracy"]


@dataclass(frozen=True)
class Comparison:
    """One judge's values in percent, by policy, dataset and seed; names in the order they are shown."""

    judge: str
    measure: Measure
    policies: tuple[str, ...]
    datasets: tuple[str, ...]
    values: dict[tuple[str, str], dict[int, float]]
    nll: dict[tuple[str, str], dict[int, float]]

    def compute_mean(self, policy: str, dataset: str) -> float | None:
        """Over seeds; None where there is no row."""
        found = self.values.get((policy, dataset), {})
        return float(np.mean(list(found.values()))) if found else None

    def compute_mean_nll(self, policy: str) -> float | None:
        """Over datasets, in nats; None where the judge has no odds."""
        found = [np.mean(list(own.values())) for (name, _), own in self.nll.items() if name == policy and own]
        return float(np.mean(found)) if found else None

    def count_seeds(self, policy: str) -> int:
        """How many seeds it has, of the dataset that has most."""
        return max((len(found) for (name, _), found in self.values.items() if name == policy), default=0)

    def pair(self, policy: str, dataset: str, other: str = "") -> Values:
        """Differences in points to `other`, or else to the policy's baseline, one per seed that both have."""
        pair = (policy, other or policies.choose_baseline(policy))
        own, base = (self.values.get((name, dataset), {}) for name in pair)
        return np.array([own[seed] - base[seed] for seed in sorted(own.keys() & base.keys())])

    def compute_uplift(self, policy: str, other: str = "") -> dict[str, float]:
        """The mean difference in points, as `pair` takes it, of each dataset that has one."""
        found = {dataset: self.pair(policy, dataset, other) for dataset in self.datasets}
        return {dataset: float(values.mean()) for dataset, values in found.items() if len(values)}

    @property
    def compared(self) -> tuple[str, ...]:
        """The policies that something else is the baseline of."""
        return tuple(
            name for name in self.policies if policies.choose_baseline(name) != name and self.compute_uplift(name)
        )

    def compute_scores(self, dataset: str) -> list[float]:
        """Of every policy in order, the mean over the seeds that all of them have; nothing where there are none."""
        own = [self.values.get((policy, dataset), {}) for policy in self.policies]
        seeds = set.intersection(*(set(values) for values in own))
        return [float(np.mean([values[seed] for seed in sorted(seeds)])) for values in own] if seeds else []

    @property
    def complete(self) -> tuple[str, ...]:
        """The datasets of which every policy has a value for the same seed."""
        return tuple(name for name in self.datasets if self.compute_scores(name))


def compare(rows: Sequence[Row], measure: Measure) -> list[Comparison]:
    """One for each judge that has rows."""
    order = {name: place for place, name in enumerate(policies.list_known())}
    found = []
    for judge in (name for name in judges.list_known() if any(row.judge == name for row in rows)):
        own = [row for row in rows if row.judge == judge]
        values: dict[tuple[str, str], dict[int, float]] = {}
        nll: dict[tuple[str, str], dict[int, float]] = {}
        for row in own:
            values.setdefault((row.policy, row.dataset), {})[row.seed] = 100 * getattr(row, measure)
            if row.nll is not None:
                nll.setdefault((row.policy, row.dataset), {})[row.seed] = row.nll
        names = tuple(sorted({row.policy for row in own}, key=lambda name: (order.get(name, len(order)), name)))
        found.append(Comparison(judge, measure, names, tuple(sorted({row.dataset for row in own})), values, nll))
    return found

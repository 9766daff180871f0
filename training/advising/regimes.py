"""Regimes of datasets, and what augmentation brought in each: the base rate, with what chance leaves open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from bundle.evidence import Interval
from training.advising.evidence import Measurement
from training.evaluation.statistics import bootstrap_datasets

IMBALANCED = 3.0
"""Cases of the largest class for one of the smallest from which `fit` draws rare classes more often."""

FEW = 10
"""Cases of the smallest class up to which a balanced dataset has few."""

NOTABLE = 1.0
"""Points of balanced accuracy that count as helped, or as hurt."""

REGIMES = {
    "rare class": f"the largest class has {IMBALANCED:g} times the cases of the smallest, or more",
    "few cases": f"{FEW} cases or fewer in the smallest class, none of them rare beside the others",
    "enough cases": f"more than {FEW} cases in every class, none of them rare beside the others",
}


def find_regime(features: dict[str, float]) -> str:
    """The regime of a dataset with such features."""
    if features["log_imbalance"] >= math.log(IMBALANCED) - 1e-6:
        return "rare class"
    return "few cases" if features["log_smallest_class"] <= math.log(FEW) + 1e-6 else "enough cases"


@dataclass(frozen=True)
class Share:
    """`count` of `n` datasets, and the exact 95 % interval of the chance (Clopper & Pearson, 1934)."""

    count: int
    n: int

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest chance that the count is likely under."""
        low = float(beta.ppf(0.025, self.count, self.n - self.count + 1)) if self.count else 0.0
        high = float(beta.ppf(0.975, self.count + 1, self.n - self.count)) if self.count < self.n else 1.0
        return low, high


@dataclass(frozen=True)
class BaseRate:
    """What a regime's datasets gained, each the mean over its measurements there.

    uplift: in points of balanced accuracy. helped, hurt: on how many it was more than NOTABLE, less than its negative.
    """

    uplift: Interval
    helped: Share
    hurt: Share


def compute_base_rate(measurements: Sequence[Measurement]) -> BaseRate:
    """Of the measurements of one regime; raises ValueError where there are none."""
    return _compute([(one.dataset, one.uplift) for one in measurements])


def compute_base_rate_beside(measurements: Sequence[Measurement]) -> BaseRate:
    """The same where synthetic cases are put beside the real ones."""
    return _compute([(one.dataset, one.beside) for one in measurements if one.beside is not None])


def _compute(pairs: Sequence[tuple[str, float]]) -> BaseRate:
    names = sorted({name for name, _ in pairs})
    gains = [float(np.mean([gain for own, gain in pairs if own == name])) for name in names]
    helped, hurt = sum(gain > NOTABLE for gain in gains), sum(gain < -NOTABLE for gain in gains)
    return BaseRate(bootstrap_datasets(gains), Share(helped, len(gains)), Share(hurt, len(gains)))

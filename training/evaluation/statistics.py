"""What paired differences say: intervals over datasets and over seeds, wins and losses, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, studentized_range, t

from bundle.evidence import Interval

Values = NDArray[np.float64]

N_RESAMPLES = 10_000
CONFIDENCE = 0.95
TIE = 1e-9
"""Differences no larger are none: the same model, or as many cases right."""


@dataclass(frozen=True)
class WinTieLoss:
    """On how many datasets a policy is better than its baseline, as good, and worse."""

    win: int
    tie: int
    loss: int

    def __str__(self) -> str:
        return f"{self.win}/{self.tie}/{self.loss}"


def bootstrap_datasets(differences: Sequence[float] | Values, seed: int = 0) -> Interval:
    """The mean of one difference per dataset and its percentile bootstrap interval over datasets (Efron, 1979).

    Raises ValueError without differences.
    """
    values = np.asarray(differences, dtype=np.float64)
    if not len(values):
        raise ValueError("no differences came; at least one dataset is needed.")
    drawn = np.random.default_rng(seed).integers(len(values), size=(N_RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))


def estimate_over_seeds(differences: Sequence[float] | Values) -> Interval | None:
    """The mean of one dataset's differences, one per seed, and Student's interval around it; None for a single seed."""
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return None
    mean = float(values.mean())
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return Interval(mean=mean, low=mean - half, high=mean + half)


def find_worst_outlier(differences: Sequence[float] | Values) -> int:
    """The index of the difference farthest from the median."""
    values = np.asarray(differences, dtype=np.float64)
    return int(np.abs(values - np.median(values)).argmax())


def count_win_tie_loss(differences: Sequence[float] | Values) -> WinTieLoss:
    """Counts over one difference per dataset."""
    values = np.asarray(differences, dtype=np.float64)
    wins, losses = int((values > TIE).sum()), int((values < -TIE).sum())
    return WinTieLoss(wins, len(values) - wins - losses, losses)


def compute_average_ranks(scores: Values) -> Values:
    """`[n_policies]` of scores `[n_datasets, n_policies]`, the highest is 1; equals share the mean of their ranks."""
    ranks: Values = rankdata(-np.round(scores, 9), axis=1).mean(axis=0)
    return ranks


def compute_critical_difference(n_datasets: int, n_policies: int) -> float:
    """Average ranks that differ by less are not told apart at the level .05 (Nemenyi's test; Demšar, 2006)."""
    q = studentized_range.ppf(CONFIDENCE, n_policies, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_policies * (n_policies + 1) / (6 * n_datasets)))


def find_cliques(ranks: Values, difference: float) -> list[tuple[int, int]]:
    """First and last index, into ascending `ranks`, of each longest run that lies within `difference`."""
    runs = [(i, int(np.searchsorted(ranks, ranks[i] + difference, side="right")) - 1) for i in range(len(ranks))]
    return [(i, j) for i, j in runs if j > i and not any(a < i and j <= b for a, b in runs)]

"""How held-out cases are scored, and how sure a mean of them is."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from bundle.evidence import Interval

RESAMPLES = 2000

HOTTEST = 20.0
"""Highest temperature at which probabilities are judged; the lowest is 1."""


def fit_tempered_nll(log_probability: np.ndarray, truth: np.ndarray, balance: float = 1.0) -> float:
    """Negative log-likelihood of the classes `truth` `[n]`, the mean over classes of their mean, in nats, weighted by
    `balance` as `average_over_classes` says.

    `log_probability` `[n, n_classes]` is divided by the temperature, at least 1, that serves it best (Guo et al.,
    2017): few errors of great confidence, which a small training set brings about, would decide the choice otherwise.
    """

    def at(log_temperature: float) -> float:
        tempered = log_softmax(log_probability / np.exp(log_temperature), axis=1)
        return average_over_classes(-tempered[np.arange(len(truth)), truth], truth, balance)

    found = minimize_scalar(at, bounds=(0.0, np.log(HOTTEST)), method="bounded")
    return min(at(0.0), float(found.fun))


def average_over_classes(values: np.ndarray, class_index: np.ndarray, balance: float = 1.0) -> float:
    """The mean over classes of the mean of `values` `[n]` within a class, weighted by its count to the power of
    1 - `balance`: with 1 classes count alike, with 0 cases do."""
    weights = np.bincount(class_index)[class_index] ** -balance
    return float(np.average(values, weights=weights))


def bootstrap(differences: np.ndarray, seed: int) -> Interval:
    """The mean of `differences` `[n]` and its 95 % interval, by percentile bootstrap (Efron & Tibshirani, 1993)."""
    random = np.random.default_rng(seed)
    means = differences[random.integers(0, len(differences), (RESAMPLES, len(differences)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(mean=float(differences.mean()), low=float(low), high=float(high))

"""The policy for a dataset, chosen by cross-validation on its training set alone, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from models.evidence import Advice, Candidate, Interval, Uplift
from models.policy import PolicyName, is_latent
from training.augmenting import NOTHING, Generator, Initial, fit_generator
from training.configuration import FitConfiguration
from training.folds import Fold, Judged, concatenated, judge, side_by_side
from training.learner import TrainingCases
from training.loop import start_fabric

CANDIDATES: tuple[PolicyName, ...] = ("warps", "latent", "latent+warps")
"""What "auto" chooses from, besides none."""

IMBALANCE = 3.0
"""Largest over smallest class count from which on rare classes are drawn more often, by `FitConfiguration.balance`."""

RESAMPLES = 2000

HOTTEST = 20.0
"""Highest temperature at which probabilities are judged; the lowest is 1."""


@dataclass(frozen=True)
class CrossValidation:
    """The folds, judged in the round that was chosen; a generator of all cases, and what was chosen."""

    folds: list[Judged]
    generator: Generator
    uplift: Uplift


@dataclass(frozen=True)
class Evidence:
    """Candidates in the order they were judged; `folds` are those of the last round that was an improvement. `asked` is
    the policy that the user set, "auto" where the evidence decides."""

    asked: Literal["auto"] | PolicyName
    folds: list[Judged]
    rows: list[Candidate]

    @property
    def best(self) -> Candidate:
        """The lowest negative log-likelihood; of equal ones the first."""
        return min(self.rows, key=lambda row: row.nll)

    @property
    def rounds(self) -> int:
        """The round of the best."""
        return self.best.round if self.rows else 1

    @property
    def policy(self) -> PolicyName:
        """What trains the classifier."""
        if self.asked != "auto":
            return self.asked
        return self.best.policy if self.rows else "none"

    @property
    def served(self) -> PolicyName:
        """What `/augment` adds: the same, or the best latent policy where that is none."""
        if self.policy != "none":
            return self.policy
        latent = [row for row in self.rows if is_latent(row.policy)]
        return min(latent, key=lambda row: row.nll).policy if latent else "latent"


def cross_validated(
    cases: TrainingCases,
    folds: Sequence[Fold],
    configuration: FitConfiguration,
    candidates: Sequence[PolicyName],
    initial: Initial = NOTHING,
) -> CrossValidation:
    """Judge `candidates` and "none" on every fold and learn all cases, side by side; then choose, and advise.

    Without candidates (no labels) or folds, "none" is chosen. `initial` gives starting weights.
    """
    balanced = imbalanced(cases.class_index)
    policies: tuple[PolicyName, ...] = tuple(dict.fromkeys(("none", *candidates))) if candidates else ()
    judging = [partial(judge, fold, configuration, policies, balanced) for fold in folds]
    *judged, generator = side_by_side([*judging, partial(_whole, cases, configuration, initial)], configuration)
    evidence = Evidence(
        configuration.policy,
        judged,
        [candidate(judged, policy, configuration, balanced) for policy in policies] if judged else [],
    )
    for number in range(2, configuration.rounds + 1):
        following = _next_round(evidence, folds, configuration, balanced, number)
        if following is None or following.best.nll >= evidence.best.nll:
            break
        evidence = following
    if evidence.rounds > 1:
        generator = _whole(cases, configuration, initial, evidence.rounds)
    return CrossValidation(evidence.folds, generator, uplift(evidence, balanced, configuration))


def _next_round(
    evidence: Evidence, folds: Sequence[Fold], configuration: FitConfiguration, balanced: bool, number: int
) -> Evidence | None:
    """The latent policies again, with a VAE refitted to its own samples; None where there are none."""
    latent = [row.policy for row in evidence.rows if is_latent(row.policy) and row.round == 1]
    if not latent:
        return None
    calls = [partial(judge, fold, configuration, ("none", *latent), balanced, number) for fold in folds]
    judged = side_by_side(calls, configuration)
    rows = [candidate(judged, policy, configuration, balanced, number) for policy in latent]
    return Evidence(evidence.asked, judged, [*evidence.rows, *rows])


def _whole(cases: TrainingCases, configuration: FitConfiguration, initial: Initial, rounds: int = 1) -> Generator:
    return fit_generator(start_fabric(configuration), cases, configuration, initial, rounds)


def uplift(evidence: Evidence, balanced: bool, configuration: FitConfiguration) -> Uplift:
    """The choice, and advice on adding its cases, or the best latent policy's where none was chosen."""
    chosen, served = evidence.policy, evidence.served
    gain, use = None, False
    if evidence.rows:
        calls = [partial(concatenated, fold, served, balanced) for fold in evidence.folds]
        gain = bootstrapped(100.0 * np.concatenate(side_by_side(calls, configuration)), configuration.seed)
        use = chosen != "none" and gain.low > 0
    return Uplift(
        policy=chosen,
        rounds=evidence.rounds,
        balanced=balanced and chosen != "none",
        n_cases=sum(len(fold.fold.held_out.series) for fold in evidence.folds),
        n_folds=len(evidence.folds),
        candidates=evidence.rows,
        advice=Advice(policy=served, use=use, uplift=gain),
        weight=configuration.synthetic_weight,
    )


def candidate(
    folds: Sequence[Judged], policy: PolicyName, configuration: FitConfiguration, balanced: bool, number: int = 1
) -> Candidate:
    """A policy's evidence from all folds; `balanced` is how it drew the cases it learned from."""
    truth = np.concatenate([fold.fold.held_out.class_index for fold in folds])
    log_probability = np.concatenate([fold.log_probabilities[policy] for fold in folds])
    correct = log_probability.argmax(axis=1) == truth
    without = np.concatenate([fold.log_probabilities["none"] for fold in folds]).argmax(axis=1) == truth
    return Candidate(
        policy=policy,
        round=number,
        nll=tempered_nll(log_probability, truth, configuration.balance if balanced else 1.0),
        balanced_accuracy=mean_over_classes(correct.astype(float), truth),
        uplift=bootstrapped(100.0 * (correct.astype(float) - without), configuration.seed),
    )


def tempered_nll(log_probability: np.ndarray, truth: np.ndarray, balance: float = 1.0) -> float:
    """Negative log-likelihood of the classes `truth` `[n]`, the mean over classes of their mean, in nats.

    `log_probability` `[n, n_classes]` is divided by the temperature, at least 1, that serves it best (Guo et al.,
    2017): few errors of great confidence, which a small training set brings about, would decide the choice otherwise.
    """

    def at(log_temperature: float) -> float:
        tempered = log_softmax(log_probability / np.exp(log_temperature), axis=1)
        return mean_over_classes(-tempered[np.arange(len(truth)), truth], truth, balance)

    found = minimize_scalar(at, bounds=(0.0, np.log(HOTTEST)), method="bounded")
    return min(at(0.0), float(found.fun))


def mean_over_classes(values: np.ndarray, class_index: np.ndarray, balance: float = 1.0) -> float:
    """The mean over classes of the mean of `values` `[n]` within a class, weighted by its count to the power of
    1 - `balance`: with 1 classes count alike, with 0 cases do."""
    weights = np.bincount(class_index)[class_index] ** -balance
    return float(np.average(values, weights=weights))


def bootstrapped(differences: np.ndarray, seed: int) -> Interval:
    """The mean of `differences` `[n]` and its 95 % interval, by percentile bootstrap (Efron & Tibshirani, 1993)."""
    random = np.random.default_rng(seed)
    means = differences[random.integers(0, len(differences), (RESAMPLES, len(differences)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(mean=float(differences.mean()), low=float(low), high=float(high))


def imbalanced(class_index: np.ndarray) -> bool:
    """Whether the classes that have cases differ in count by IMBALANCE or more."""
    counts = np.bincount(class_index)
    return bool(counts.max() >= IMBALANCE * counts[counts > 0].min())

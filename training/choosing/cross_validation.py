"""The policy for a dataset, chosen by cross-validation on its training set alone, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from torch import nn

from bundle.evidence import Candidate, LogitAdjustment, Uplift
from bundle.generation.policy import PolicyName, find_source, is_latent
from training.choosing.adjusting import choose_adjustment
from training.choosing.balance import find_rare, is_imbalanced
from training.choosing.companion import Companion, fit_companion, judge_companion, pool, weigh
from training.choosing.folds import Fold, Judged, fit_policy, judge
from training.choosing.scoring import average_over_classes, bootstrap, fit_tempered_nll
from training.configuration import FitConfiguration
from training.judging.comparing import Decided, judge_arms
from training.judging.expecting import summarise_advice
from training.judging.kinds import choose_kinds
from training.learning.augmenting import NOTHING, Initial, fit_maker
from training.learning.cases import TrainingCases
from training.learning.loop import History
from training.learning.maker import Maker
from training.learning.parallel import run_side_by_side
from training.learning.run import start_fabric
from training.learning.watcher import UNWATCHED, PartWatcher, Watcher

CANDIDATES: tuple[PolicyName, ...] = ("warps", "latent", "latent+warps")
"""What "auto" chooses from, besides none."""

LATENT_START, LATENT_START_IMBALANCED = 1.0, 4.0
"""Nats, over all held-out cases, by which another policy has to be better than a latent one: the logarithm of the odds
given to latent policies beforehand. On few cases it decides, on many the evidence does. Where classes are imbalanced a
few held-out cases of rare ones make much of the score, so that it decides longer."""


@dataclass(frozen=True)
class CrossValidation:
    """The folds, judged in the round that was chosen; what was learned of all cases, a generator and a classifier with
    its losses, trained with the policy chosen (None for one class), its companion, and by how much the logits of both
    are adjusted; and the evidence."""

    folds: list[Judged]
    generator: Maker
    classifier: tuple[nn.Module, History | None] | None
    companion: Companion | None
    adjustment: LogitAdjustment | None
    uplift: Uplift


@dataclass(frozen=True)
class Evidence:
    """Candidates in the order they were judged; `folds` are those of the last round that was an improvement. `asked` is
    the policy that the user set, "auto" where the evidence decides; `imbalanced` says whether classes are."""

    asked: Literal["auto"] | PolicyName
    folds: list[Judged]
    rows: list[Candidate]
    imbalanced: bool = False

    def compute_cost(self, row: Candidate) -> float:
        """Negative log-likelihood, less the start that a latent policy is given; in nats per case."""
        n_cases = sum(len(fold.fold.held_out.series) for fold in self.folds)
        start = LATENT_START_IMBALANCED if self.imbalanced else LATENT_START
        return row.nll - (start / n_cases if is_latent(row.policy) else 0.0)

    @property
    def best(self) -> Candidate:
        """The lowest cost; of equal ones the first."""
        return min(self.rows, key=self.compute_cost)

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
        """What `/augment` adds: the same, or the best latent policy where that is none.

        Moved series are warped besides where a rare class is filled by many from few, which would lie close together
        otherwise. Where classes are alike they are not: it is too much for who trains plainly on all cases.
        """
        latent = [row for row in self.rows if is_latent(row.policy)]
        best = min(latent, key=lambda row: row.nll).policy if latent else "latent"
        source = find_source(best if self.policy == "none" else self.policy)
        warped: dict[PolicyName, PolicyName] = {
            "latent": "latent+warps",
            "interpolation": "interpolation+warps",
        }
        return warped.get(source, source) if self.imbalanced else source


def cross_validate(
    cases: TrainingCases,
    folds: Sequence[Fold],
    configuration: FitConfiguration,
    candidates: Sequence[PolicyName],
    initial: Initial = NOTHING,
    watcher: Watcher = UNWATCHED,
) -> CrossValidation:
    """Judge `candidates` and "none" on every fold and learn all cases, side by side; then choose, train a classifier
    with what was chosen, and advise.

    Without candidates (no labels) or folds, "none" is chosen. `initial` gives starting weights.
    `watcher` is told of every fold as a part of its own.
    """
    balanced = is_imbalanced(cases.class_index)
    policies: tuple[PolicyName, ...] = tuple(dict.fromkeys(("none", *candidates))) if candidates else ()
    judging = [
        partial(judge, fold, configuration, policies, balanced, watcher=watch)
        for fold, watch in zip(folds, _watch_folds(watcher, folds), strict=True)
    ]
    # Companions need nobody's answer: they come last, and occupy who would wait for the last fold.
    accompanying = _list_companions(cases, folds if policies else (), configuration, balanced, watcher)
    learning = partial(_learn_whole, cases, configuration, initial, watcher=watcher)
    answers = run_side_by_side([*judging, learning, *accompanying], configuration)
    judged, generator, accompanied = answers[: len(folds)], answers[len(folds)], answers[len(folds) + 1 :]
    evidence = Evidence(
        configuration.policy,
        judged,
        [summarise_candidate(judged, policy, configuration, balanced) for policy in policies] if judged else [],
        balanced,
    )
    for number in range(2, configuration.rounds + 1):
        following = _run_next_round(evidence, folds, configuration, balanced, number, watcher)
        if following is None or following.compute_cost(following.best) >= evidence.compute_cost(evidence.best):
            break
        evidence = following
    if evidence.rounds > 1:
        generator = _learn_whole(cases, configuration, initial, evidence.rounds, watcher)
    train = partial(_train, cases, evidence.policy, generator, configuration, balanced, initial, watcher)
    training: list[partial[Any]] = [train] if cases.n_classes > 1 else []
    kinds = choose_kinds(configuration.advice)
    advising: list[partial[Any]] = [
        partial(judge_arms, fold, (evidence.served,), balanced, kinds, watch)
        for fold, watch in zip(evidence.folds, _watch_folds(watcher, evidence.folds), strict=True)
        if evidence.rows and kinds
    ]
    answers = run_side_by_side([*training, *advising], configuration)
    networks, decided = answers[: len(training)], answers[len(training) :]
    counts = np.bincount(cases.class_index, minlength=cases.n_classes)
    found = summarise_uplift(evidence, decided, counts, configuration)
    companion = _join_companion(evidence, accompanied, balanced, configuration)
    adjustment = _choose_adjustment(evidence, companion, accompanied[1:], cases, configuration)
    return CrossValidation(evidence.folds, generator, networks[0] if networks else None, companion, adjustment, found)


def _list_companions(
    cases: TrainingCases, folds: Sequence[Fold], configuration: FitConfiguration, balanced: bool, watcher: Watcher
) -> list[partial[Any]]:
    """The companion of all cases, and those of the folds; none where there is nothing to tell apart, or none is asked
    for."""
    if configuration.companion == "none" or cases.n_classes == 1:
        return []
    whole = partial(fit_companion, cases, configuration, balanced, watcher)
    watched = zip(folds, _watch_folds(watcher, folds), strict=True)
    return [whole, *(partial(judge_companion, fold, configuration, balanced, watch) for fold, watch in watched)]


def _join_companion(
    evidence: Evidence, answers: Sequence[Any], balanced: bool, configuration: FitConfiguration
) -> Companion | None:
    """The companion, weighed by what those of the folds say of the cases held out beside the policy chosen."""
    if not answers:
        return None
    whole, *judged = answers
    folds = evidence.folds if judged else []
    pooling = weigh(
        configuration.companion,
        [fold.log_probabilities[evidence.policy] for fold in folds],
        judged,
        [fold.fold.held_out.class_index for fold in folds],
        configuration.balance if balanced else 0.0,
    )
    return Companion(whole, pooling)


def _choose_adjustment(
    evidence: Evidence,
    companion: Companion | None,
    judged: Sequence[np.ndarray],
    cases: TrainingCases,
    configuration: FitConfiguration,
) -> LogitAdjustment | None:
    """By what both say of the cases that folds hold out, `judged` what the companions say; the network alone where
    there is none."""
    folds = evidence.folds if evidence.rows else []
    own = [fold.log_probabilities[evidence.policy] for fold in folds]
    weight = companion.pooling.weight if companion else 0.0
    both = [pool(one, other, weight) for one, other in zip(own, judged, strict=True)] if companion else own
    truth = [fold.fold.held_out.class_index for fold in folds]
    return choose_adjustment(both, truth, cases.class_index, cases.n_classes, configuration)


def _run_next_round(
    evidence: Evidence,
    folds: Sequence[Fold],
    configuration: FitConfiguration,
    balanced: bool,
    number: int,
    watcher: Watcher,
) -> Evidence | None:
    """The latent policies again, with a VAE refitted to its own samples; None where there are none."""
    latent = [row.policy for row in evidence.rows if is_latent(row.policy) and row.round == 1]
    if not latent:
        return None
    calls = [
        partial(judge, fold, configuration, ("none", *latent), balanced, number, watch)
        for fold, watch in zip(folds, _watch_folds(watcher, folds), strict=True)
    ]
    judged = run_side_by_side(calls, configuration)
    rows = [summarise_candidate(judged, policy, configuration, balanced, number) for policy in latent]
    return replace(evidence, folds=judged, rows=[*evidence.rows, *rows])


def _watch_folds(watcher: Watcher, folds: Sequence[object]) -> list[PartWatcher]:
    return [PartWatcher(watcher, f"fold {number} of {len(folds)}") for number in range(1, len(folds) + 1)]


def _learn_whole(
    cases: TrainingCases,
    configuration: FitConfiguration,
    initial: Initial,
    rounds: int = 1,
    watcher: Watcher = UNWATCHED,
) -> Maker:
    return fit_maker(start_fabric(configuration, watcher), cases, configuration, initial, rounds)


def _train(
    cases: TrainingCases,
    policy: PolicyName,
    generator: Maker,
    configuration: FitConfiguration,
    balanced: bool,
    initial: Initial,
    watcher: Watcher,
) -> tuple[nn.Module, History | None]:
    balanced = balanced and policy != "none"
    fabric = start_fabric(configuration, watcher)
    return fit_policy(fabric, cases, policy, generator, configuration, balanced, initial.classifier)


def summarise_uplift(
    evidence: Evidence, decided: Sequence[Decided], counts: np.ndarray, configuration: FitConfiguration
) -> Uplift:
    """The choice, and advice on adding its cases, or the best latent policy's where none was chosen; `decided` are the
    held-out cases of each fold, `counts` `[n_classes]` all cases."""
    chosen = evidence.policy
    return Uplift(
        policy=chosen,
        rounds=evidence.rounds,
        balanced=bool(find_rare(counts).any()) and chosen != "none",
        n_cases=sum(len(fold.fold.held_out.series) for fold in evidence.folds),
        n_folds=len(evidence.folds),
        candidates=evidence.rows,
        advice=summarise_advice(evidence.served, decided, configuration.metric, counts),
        weight=configuration.synthetic_weight,
    )


def summarise_candidate(
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
        nll=fit_tempered_nll(log_probability, truth, configuration.balance if balanced else 1.0),
        accuracy=float(correct.mean()),
        balanced_accuracy=average_over_classes(correct.astype(float), truth),
        uplift=bootstrap(100.0 * (correct.astype(float) - without), configuration.seed),
    )

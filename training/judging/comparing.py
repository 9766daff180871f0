"""What each arm brings each kind of classifier, measured on the cases that the folds hold out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundle.evidence import JudgeKind, MetricName
from bundle.generation.policy import PolicyName
from training.choosing.folds import Judged
from training.judging.arms import make_arms
from training.judging.kinds import Bench, import_kind
from training.judging.metrics import METRICS, compute_margin, soften
from training.learning.watcher import UNWATCHED, Watcher

Decisions = dict[JudgeKind, dict[str, np.ndarray]]
"""Soft decisions `[n_asked, n_classes]` of each kind by each arm that it can do."""


MOST_ASKED = 500
"""Held-out cases of a fold that are enough to judge by, so that large datasets take no hours."""


@dataclass(frozen=True)
class Decided:
    """Cases that a fold holds out, their classes `[n_held_out]`, and how they were decided."""

    truth: np.ndarray
    decisions: Decisions


@dataclass(frozen=True)
class Difference:
    """Points of a metric by an arm more than without any, and the standard error of that."""

    mean: float
    error: float


def judge_arms(
    judged: Judged, policy: PolicyName, balance: bool, kinds: Sequence[JudgeKind], watcher: Watcher = UNWATCHED
) -> Decided:
    """How a fold's held-out cases are decided, at most MOST_ASKED of them; all judges learn from the cases kept, and
    from what is made of these."""
    held_out, known = judged.fold.held_out, judged.log_probabilities["none"]
    n_held_out = len(held_out.series)
    chosen = np.unique(np.linspace(0, n_held_out - 1, min(n_held_out, MOST_ASKED)).round().astype(int))
    asked = held_out.select(chosen)
    bench = Bench(judged.fold.kept, asked, judged.generator, known[chosen], watcher)
    return Decided(asked.class_index, decide(bench, policy, balance, kinds))


def decide(bench: Bench, policy: PolicyName, balance: bool, kinds: Sequence[JudgeKind]) -> Decisions:
    """Soft decisions of the asked cases, the mean over a kind's repeats, each with arms made of another seed."""
    modules = {kind: import_kind(kind) for kind in kinds}
    judgements = {kind: module.judge(bench) for kind, module in modules.items()}
    margins: dict[JudgeKind, float] = {}
    found: dict[JudgeKind, dict[str, list[np.ndarray]]] = {kind: {} for kind in kinds}
    seed = bench.maker.configuration.seed
    for repeat in range(max(module.REPEATS for module in modules.values())):
        for arm in make_arms(bench.maker, bench.real, policy, balance, seed + repeat):
            for kind, judgement in judgements.items():
                if repeat >= modules[kind].REPEATS or (scores := judgement(arm, seed + repeat)) is None:
                    continue
                # "none" comes first: by its scores those of all arms become decisions.
                margin = margins.setdefault(kind, compute_margin(scores))
                found[kind].setdefault(arm.name, []).append(soften(scores, margin))
    return {kind: {arm: np.mean(each, axis=0) for arm, each in arms.items()} for kind, arms in found.items() if arms}


def compare(folds: Sequence[Decided], metric: MetricName) -> dict[JudgeKind, dict[str, Difference]]:
    """What each arm but none brings, by all folds' held-out cases together."""
    truth = np.concatenate([fold.truth for fold in folds])
    measured: dict[JudgeKind, dict[str, Difference]] = {}
    for kind in folds[0].decisions:
        joined = {
            arm: np.concatenate([fold.decisions[kind][arm] for fold in folds]) for arm in folds[0].decisions[kind]
        }
        none = joined.pop("none")
        measured[kind] = {arm: measure_difference(truth, own, none, metric) for arm, own in joined.items()}
    return measured


def measure_difference(truth: np.ndarray, own: np.ndarray, none: np.ndarray, metric: MetricName) -> Difference:
    """What `own` decisions `[n, n_classes]` are better than `none`, in points.

    The standard error is that of a mean over classes (over cases, of accuracy) of what the true class is given more,
    which differs from case to case by as much in every class: of a class with one or two cases nobody could tell.
    """
    compute, rows = METRICS[metric], np.arange(len(truth))
    more = own[rows, truth] - none[rows, truth]
    counts = np.bincount(truth)
    counts = np.array([len(truth)]) if metric == "accuracy" else counts[counts > 0]
    error = np.sqrt(np.square(more).mean() * np.sum(1 / counts)) / len(counts)
    weights = np.ones(len(truth))
    return Difference(100 * (compute(truth, own, weights) - compute(truth, none, weights)), 100 * float(error))

"""What each arm brings each kind of classifier, measured on the cases that the folds hold out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bundle.evidence import JudgeKind, MetricName
from bundle.generation.policy import PolicyName
from training.choosing.balance import find_rare
from training.choosing.folds import Judged
from training.judging.arms import make_arms
from training.judging.kinds import Bench, import_kind
from training.judging.metrics import CLASS_SCORES, compute_margin, soften, weigh_classes
from training.learning.watcher import UNWATCHED, Watcher

Decisions = dict[JudgeKind, dict[str, np.ndarray]]
"""Soft decisions `[n_asked, n_classes]` of each kind by each arm that it can do."""

Group = Literal["alike", "common", "rare"]
"""Classes of like numbers of cases; where they are imbalanced, the larger ones and the rare ones."""

MOST_ASKED = 500
"""Held-out cases of a fold that are enough to judge by, so that large datasets take no hours."""


@dataclass(frozen=True)
class Decided:
    """Cases that a fold holds out, their classes `[n_held_out]`, and how they were decided."""

    truth: np.ndarray
    decisions: Decisions


@dataclass(frozen=True)
class Difference:
    """What an arm brings a group of classes, in points of a metric, and the standard error of that; None where no case
    of them was held out. `share` is what the group counts in the metric, 0 … 1."""

    share: float
    mean: float | None
    error: float | None


Differences = dict[Group, Difference]


def judge_arms(
    judged: Judged,
    policies: Sequence[PolicyName],
    balance: bool,
    kinds: Sequence[JudgeKind],
    watcher: Watcher = UNWATCHED,
) -> Decided:
    """How a fold's held-out cases are decided, at most MOST_ASKED of them; all judges learn from the cases kept, and
    from what is made of these."""
    held_out, known = judged.fold.held_out, judged.log_probabilities["none"]
    n_held_out = len(held_out.series)
    chosen = np.unique(np.linspace(0, n_held_out - 1, min(n_held_out, MOST_ASKED)).round().astype(int))
    asked = held_out.select(chosen)
    bench = Bench(judged.fold.kept, asked, judged.generator, known[chosen], watcher)
    return Decided(asked.class_index, soften_all(collect_scores(bench, policies, balance, kinds)))


def collect_scores(
    bench: Bench, policies: Sequence[PolicyName], balance: bool, kinds: Sequence[JudgeKind]
) -> dict[JudgeKind, dict[str, list[np.ndarray]]]:
    """Scores `[n_asked, n_classes]` of each kind by each arm that it can do, as often as the kind repeats, each time
    with arms made of another seed."""
    modules = {kind: import_kind(kind) for kind in kinds}
    judgements = {kind: module.judge(bench) for kind, module in modules.items()}
    found: dict[JudgeKind, dict[str, list[np.ndarray]]] = {kind: {} for kind in kinds}
    seed = bench.maker.configuration.seed
    for repeat in range(max(module.REPEATS for module in modules.values())):
        for arm in make_arms(bench.maker, bench.real, policies, balance, seed + repeat):
            for kind, judgement in judgements.items():
                if repeat < modules[kind].REPEATS and (scores := judgement(arm, seed + repeat)) is not None:
                    found[kind].setdefault(arm.name, []).append(scores)
    return {kind: arms for kind, arms in found.items() if arms}


def soften_all(scores: dict[JudgeKind, dict[str, list[np.ndarray]]]) -> Decisions:
    """Soft decisions, the mean over a kind's repeats; what they are softened by is a kind's margin without any arm."""
    decided: Decisions = {}
    for kind, arms in scores.items():
        margin = compute_margin(arms["none"][0])
        decided[kind] = {arm: np.mean([soften(one, margin) for one in each], axis=0) for arm, each in arms.items()}
    return decided


def group_classes(counts: np.ndarray) -> dict[Group, np.ndarray]:
    """Which classes `[n_classes]` are of each group, of their counts: what helps rare ones costs the others something,
    and of rare ones few cases, or none, are held out."""
    rare = find_rare(counts)
    return {"common": (counts > 0) & ~rare, "rare": rare} if rare.any() else {"alike": counts > 0}


def compare(
    folds: Sequence[Decided], metric: MetricName, counts: np.ndarray
) -> dict[JudgeKind, dict[str, Differences]]:
    """What each arm but none brings each group of classes, by all folds' held-out cases together; `counts`
    `[n_classes]` are those of the whole training set."""
    truth = np.concatenate([fold.truth for fold in folds])
    groups, weights = group_classes(counts), weigh_classes(metric, counts)
    measured: dict[JudgeKind, dict[str, Differences]] = {}
    for kind in [kind for kind in folds[0].decisions if all(kind in fold.decisions for fold in folds)]:
        arms = folds[0].decisions[kind]
        joined = {arm: np.concatenate([fold.decisions[kind][arm] for fold in folds]) for arm in arms}
        none = joined.pop("none")
        measured[kind] = {
            arm: {
                group: measure_difference(truth, own, none, metric, np.where(those, weights, 0))
                for group, those in groups.items()
            }
            for arm, own in joined.items()
        }
    return measured


def measure_difference(
    truth: np.ndarray, own: np.ndarray, none: np.ndarray, metric: MetricName, weights: np.ndarray
) -> Difference:
    """What `own` decisions `[n, n_classes]` are better than `none` for the classes that have `weights` `[n_classes]`.

    The standard error is that of the weighted mean over classes of what the true class is given more; that differs from
    case to case by as much in every class: of one or two cases nobody could tell.
    """
    share, n_held_out = float(weights.sum()), np.bincount(truth, minlength=len(weights))
    judged = np.where(n_held_out > 0, weights, 0)
    if not judged.any():
        return Difference(share, None, None)
    judged = judged / judged.sum()
    better = CLASS_SCORES[metric](truth, own) - CLASS_SCORES[metric](truth, none)
    rows = np.arange(len(truth))
    spread = np.sqrt(np.square(own[rows, truth] - none[rows, truth]).mean())
    error = spread * np.sqrt(np.sum(np.square(judged) / np.maximum(n_held_out, 1)))
    return Difference(share, 100 * float(np.nansum(judged * better)), 100 * float(error))

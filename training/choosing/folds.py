"""One fold of cross-validation: everything refitted on the cases kept, and judged by the cases held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from bundle.generation.mixture import compute_marginal_log_density
from bundle.generation.policy import PolicyName, find_source
from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.duplicates import group_equal
from training.data.split import split_folds
from training.learning.augmenting import compute_equal_counts, fit_maker
from training.learning.cases import TrainingCases, standardise
from training.learning.generator import Generator
from training.learning.learner import (
    compute_posterior_means,
    compute_reconstruction_errors,
    compute_residuals,
)
from training.learning.loop import History
from training.learning.maker import Maker
from training.learning.neighbours import vote_by_neighbours
from training.learning.run import compute_fold_share, start_fabric
from training.learning.watcher import UNWATCHED, Watcher

POOL_SIZE = 512
"""Synthetic cases that a classifier's training draws from."""


@dataclass(frozen=True)
class Fold:
    """Cases to learn from and cases to judge by."""

    kept: TrainingCases
    held_out: TrainingCases


@dataclass(frozen=True)
class JudgedCodes:
    """Held-out cases' reconstruction error, log density, likeliest class by density and class by their neighbours among
    the cases kept, `[n]` each; `residual`, what reconstruction leaves over, `[n, n_channels, n_timepoints]`, original
    units."""

    error: np.ndarray
    log_density: np.ndarray
    likeliest: np.ndarray
    voted: np.ndarray
    residual: np.ndarray


@dataclass(frozen=True)
class Judged:
    """A fold's held-out cases, judged by their codes, where there are codes, and per policy the class log probabilities
    `[n, n_classes]` of a classifier trained with it."""

    fold: Fold
    generator: Maker
    codes: JudgedCodes | None
    log_probabilities: dict[PolicyName, np.ndarray]


def make_folds(learn: Cases, cases: TrainingCases, configuration: FitConfiguration) -> list[Fold]:
    """Stratified folds that keep groups, and equal cases, together; fewer, or none, where classes are too small."""
    if configuration.folds == 0:
        return []
    found = split_folds(learn.labels, group_equal(learn), configuration.folds, configuration.seed, len(learn.series))
    return [Fold(cases.select(kept), cases.select(held_out)) for kept, held_out in found]


def judge(
    fold: Fold,
    configuration: FitConfiguration,
    policies: Sequence[PolicyName],
    balanced: bool,
    rounds: int = 1,
    watcher: Watcher = UNWATCHED,
) -> Judged:
    """Fit a generator and a classifier per policy to the cases kept; judge those held out.

    The generator's networks see each case kept as often as in a fit to all cases.

    With `balanced` every policy but "none" draws rare classes more often.
    """
    fabric = start_fabric(configuration, watcher)
    kept, held_out = fold.kept, fold.held_out
    share = compute_fold_share(len(kept.series), len(kept.series) + len(held_out.series))
    generator = fit_maker(fabric, kept, configuration, rounds=rounds, share=share, textured=bool(policies))
    log_probabilities: dict[PolicyName, np.ndarray] = {}
    for policy in policies:
        network, _ = fit_policy(fabric, kept, policy, generator, configuration, balanced and policy != "none")
        log_probabilities[policy] = compute_log_probabilities(network, generator.scaling, held_out.series)
    codes = judge_codes(generator, kept, held_out) if isinstance(generator, Generator) else None
    return Judged(fold, generator, codes, log_probabilities)


def judge_codes(generator: Generator, kept: TrainingCases, held_out: TrainingCases) -> JudgedCodes:
    """How well cases held out are given back, and how usual their codes are beside those of the cases kept."""
    own, asked = (compute_posterior_means(generator.vae, generator.scaling, cases.series) for cases in (kept, held_out))
    density = generator.mixture.compute_class_log_density(asked)
    return JudgedCodes(
        compute_reconstruction_errors(generator.vae, generator.scaling, held_out.series, held_out.counted),
        compute_marginal_log_density(density, np.bincount(kept.class_index, minlength=kept.n_classes)),
        density.argmax(axis=1),
        vote_by_neighbours(own, kept.class_index, asked, generator.configuration.neighbours),
        compute_residuals(generator.vae, generator.scaling, held_out.series),
    )


def fit_policy(
    fabric: Fabric,
    cases: TrainingCases,
    policy: PolicyName,
    generator: Maker,
    configuration: FitConfiguration,
    balanced: bool = False,
    initial: nn.Module | None = None,
) -> tuple[nn.Module, History | None]:
    """A classifier of `cases`, standardised by the generator's scaling, that was trained as `policy` says, and its
    losses, where it is trained in steps. Without a policy it is the generator's own."""
    if policy == "none" and generator.classifier is not None and not balanced:
        return generator.classifier, generator.histories.get("classifier")
    made = None
    if find_source(policy) not in ("none", "warps"):
        made = generator.make_pool(policy, cases, compute_equal_counts(cases, POOL_SIZE), configuration.seed)
    real = standardise(cases, generator.scaling)
    return fit_classifier(fabric, real, made, policy, configuration, balanced, initial)

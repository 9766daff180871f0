"""A second classifier beside the network: what is served is the mean of both, weighed by held-out training cases.

The network is trained under the policy that cross-validation chose, its companion on the real cases alone. Two
classifiers that see series so differently err on different cases (Dietterich, 2000); how much each counts is what
makes the held-out cases likeliest (a linear opinion pool; Stone, 1961).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from bundle.evidence import Pooling
from training.choosing.folds import Fold
from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.choosing.scoring import average_over_classes
from training.configuration import FitConfiguration
from training.families import make_settings
from training.learning.cases import TrainingCases, standardise
from training.learning.run import start_fabric
from training.learning.scaling import Scaling
from training.learning.watcher import UNWATCHED, Watcher

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the companion, that are looked at. The ends serve one of the two alone."""

EVEN = 0.5
"""The weight where nothing was held out."""

EVEN_START = 2.0
"""Nats, over all held-out cases, by which another weight has to be better than even."""


class Pooled(nn.Module):
    """Logits of the weighted mean of two classifiers' probabilities; the other one's weight is `weight`."""

    def __init__(self, one: nn.Module, other: nn.Module, weight: float = EVEN) -> None:
        super().__init__()
        self.one, self.other, self.weight = one, other, weight

    def forward(self, series: Tensor) -> Tensor:
        own, others = (torch.softmax(network(series), dim=1) for network in (self.one, self.other))
        return torch.lerp(own, others, self.weight).clamp_min(1e-30).log()


@dataclass(frozen=True)
class Companion:
    """A classifier, fitted to all cases, and the evidence that weighs it."""

    network: nn.Module
    pooling: Pooling

    def join(self, network: nn.Module) -> nn.Module:
        """What is served: both, or the one of them that has all the weight."""
        weight = self.pooling.weight
        return Pooled(network, self.network, weight) if 0 < weight < 1 else self.network if weight else network


def fit_companion(
    cases: TrainingCases, configuration: FitConfiguration, balanced: bool, watcher: Watcher = UNWATCHED
) -> nn.Module:
    """Fit the companion that `configuration` names to real `cases`; rare classes count more with `balanced`."""
    own = replace(configuration, classifier=make_settings("classifier", configuration.companion))
    real = standardise(cases, Scaling(cases.series, own.working_timepoints))
    return fit_classifier(start_fabric(own, watcher), real, None, "none", own, balanced)[0]


def judge_companion(
    fold: Fold, configuration: FitConfiguration, balanced: bool, watcher: Watcher = UNWATCHED
) -> np.ndarray:
    """Log of class_probabilities `[n, n_classes]` that a companion of the cases kept gives those held out."""
    network = fit_companion(fold.kept, configuration, balanced, watcher)
    scaling = Scaling(fold.kept.series, configuration.working_timepoints)
    return compute_log_probabilities(network, scaling, fold.held_out.series)


def pool(own: np.ndarray, others: np.ndarray, weight: float) -> np.ndarray:
    """Class log probabilities `[n, n_classes]` of the mean of both, given theirs and the weight of the `others`."""
    mean: np.ndarray = np.log(np.maximum((1 - weight) * np.exp(own) + weight * np.exp(others), 1e-30))
    return mean


def weigh(
    name: str, own: Sequence[np.ndarray], others: Sequence[np.ndarray], truth: Sequence[np.ndarray], balance: float
) -> Pooling:
    """The weight of the companion `name` that makes held-out cases likeliest, given the network's log probabilities and
    the companion's, `[n, n_classes]` of each fold, and the classes `truth` `[n]`; `balance` weighs these as everywhere.
    """
    if not truth:
        return Pooling(companion=name, weight=EVEN, nll={})
    index = np.concatenate(truth)
    one, other = (np.concatenate(parts) for parts in (own, others))
    pooled = {weight: pool(one, other, weight) for weight in WEIGHTS}
    of_truth = {weight: np.take_along_axis(each, index[:, None], axis=1)[:, 0] for weight, each in pooled.items()}
    nll = {weight: average_over_classes(-each, index, balance) for weight, each in of_truth.items()}
    start = EVEN_START / len(index)
    weight = min(WEIGHTS, key=lambda each: nll[each] - start * (each == EVEN))
    accuracy = float((pooled[weight].argmax(axis=1) == index).mean())
    return Pooling(companion=name, weight=weight, nll={f"{each:g}": nll[each] for each in WEIGHTS}, accuracy=accuracy)

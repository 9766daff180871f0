"""A dataset becomes a fitted model: cross-validated, a policy chosen, then all of it learned with that policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from bundle.evidence import LogitAdjustment, Pooling, Uplift
from bundle.generation.policy import PolicyName
from bundle.manifest import Label, Pretraining
from training.choosing.adjusting import Adjusted
from training.choosing.calibration import HeldOut, collect_held_out
from training.choosing.companion import Pooled
from training.choosing.cross_validation import CANDIDATES, cross_validate
from training.choosing.folds import fit_policy, make_folds
from training.configuration import FitConfiguration
from training.data import Cases
from training.data.partition import make_training_cases, order_labels
from training.families import find_module
from training.families.settings import NO_FAMILY, FamilySettings, Size
from training.learning.augmenting import NOTHING, Initial
from training.learning.cases import TrainingCases
from training.learning.loop import History
from training.learning.maker import Maker
from training.learning.watcher import UNWATCHED, Watcher
from training.learning.weights import load_weights, read_weights
from training.pretraining import TITLE, Unlabelled, pretrain


@dataclass(frozen=True)
class Fitted:
    """Everything that a bundle is made of, in torch and numpy; histories of its losses by network."""

    labels: tuple[Label, ...]
    cases: TrainingCases
    generator: Maker
    classifier: nn.Module | None
    held_out: HeldOut | None
    uplift: Uplift | None
    histories: dict[str, History]
    row_numbers: np.ndarray
    """Where each case stands in the training set as it was read, `[n_cases]`."""
    pretraining: Pretraining | None = None
    screener: nn.Module | None = None
    """What made series have to convince, where that is not the classifier but a quicker part of it."""
    pooling: Pooling | None = None
    adjustment: LogitAdjustment | None = None


def fit(
    fabric: Fabric,
    learn: Cases,
    configuration: FitConfiguration,
    watcher: Watcher = UNWATCHED,
    unlabelled: Unlabelled | None = None,
) -> Fitted:
    """Learn from `learn`; equal arguments, machine and threads give equal weights.

    The VAE learns `unlabelled` first, where there are such. `watcher` is told what the cross-validation trains; it must
    be one that `share_watcher` gave where that runs in processes of its own.
    """
    labels = order_labels(learn.labels)
    cases = make_training_cases(learn, labels)
    if unlabelled is None:
        start = _load_starting_point(configuration.start_from, cases, configuration)
        return _fit_from(start, fabric, learn, configuration, watcher)
    first = pretrain(fabric, unlabelled, cases.n_classes, configuration)
    fitted = _fit_from(first.initial, fabric, learn, configuration, watcher)
    return replace(fitted, histories={TITLE: first.history, **fitted.histories}, pretraining=first.card)


def _fit_from(
    start: Initial, fabric: Fabric, learn: Cases, configuration: FitConfiguration, watcher: Watcher
) -> Fitted:
    labels = order_labels(learn.labels)
    cases = make_training_cases(learn, labels)
    folds = make_folds(learn, cases, configuration)
    result = cross_validate(cases, folds, configuration, list_candidates(learn, labels, configuration), start, watcher)
    if learn.labels is None:
        held_out, histories = collect_held_out(result.folds), result.generator.histories
        return Fitted(labels, cases, result.generator, None, held_out, None, histories, learn.row_numbers)
    network, losses = result.classifier or fit_policy(
        fabric, cases, result.uplift.policy, result.generator, configuration, initial=start.classifier
    )
    if configuration.average and result.generator.classifier is not None:
        network = Pooled(network, result.generator.classifier)
    histories = result.generator.histories | ({"classifier": losses} if losses else {})
    fitted = Fitted(
        labels,
        cases,
        result.generator,
        network,
        collect_held_out(result.folds),
        result.uplift,
        histories,
        learn.row_numbers,
    )
    served, adjustment = network, result.adjustment
    if (companion := result.companion) is not None:
        served = companion.join(network)
        fitted = replace(fitted, pooling=companion.pooling)
    if adjustment is not None and adjustment.strength > 0:
        counts = np.bincount(cases.class_index, minlength=cases.n_classes)
        served = Adjusted(served, counts, adjustment.strength)
    screener = None if served is network else network
    return replace(fitted, classifier=served, screener=screener, adjustment=adjustment)


def list_candidates(learn: Cases, labels: tuple[Label, ...], configuration: FitConfiguration) -> tuple[PolicyName, ...]:
    """The candidates: all for auto, else the one that is set; nothing to choose from with less than two classes."""
    if learn.labels is None or len(labels) == 1:
        return ()
    return CANDIDATES if configuration.policy == "auto" else (configuration.policy,)


def _load_starting_point(bundle: Path | None, cases: TrainingCases, configuration: FitConfiguration) -> Initial:
    """The VAE or generator of another bundle, and its classifier where the classes are as many."""
    if bundle is None:
        return NOTHING
    n_cases, n_channels, n_timepoints = cases.series.shape
    size = Size(n_cases, n_channels, min(n_timepoints, configuration.working_timepoints), cases.n_classes)
    kind = "vae" if configuration.generator == NO_FAMILY else "generator"
    made_by: FamilySettings = getattr(configuration, kind)
    model, network = (find_module(settings).build(size, settings) for settings in (made_by, configuration.classifier))
    weights = read_weights(bundle)
    load_weights(bundle, weights, kind, model)
    prefixes = ("classifier", "classifier.one")  # the second is that of an average: its part with the policy
    found = any(load_weights(bundle, weights, prefix, network, required=False) for prefix in prefixes)
    return Initial(**{kind: model}, classifier=network if found else None)


def classify(fitted: Fitted, series: np.ndarray) -> np.ndarray:
    """class_probabilities `[n, n_classes]` by the classifier that is shipped."""
    return replace(fitted.generator, classifier=fitted.classifier).model.classify(series)


def predict(fitted: Fitted, series: np.ndarray) -> np.ndarray:
    """The likeliest class index `[n]` by the classifier."""
    index: np.ndarray = classify(fitted, series).argmax(axis=1)
    return index

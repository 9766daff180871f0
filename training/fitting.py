"""A dataset becomes a fitted model: partition, cross-fit, VAE, mixture, classifier, measured on cases held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from models.manifest import Label
from models.mixture import MixtureParameters
from training import classifiers, vae
from training.calibration import Fold, HeldOut, judge_held_out
from training.configuration import FitConfiguration
from training.datasets import Cases, Dataset
from training.datasets.split import fold_indices, hold_out
from training.learner import TrainingCases, fit_classifier, fit_vae, posterior_means, residuals, standardised
from training.loop import History
from training.mixture_fit import fit_mixture
from training.scaling import Scaling
from training.synthesis import synthetic_pool
from training.texture import Texture, fit_texture
from training.vae import VAE
from training.weights import load_weights

MeasuredOn = Literal["given test set", "held-out split"]


@dataclass(frozen=True)
class Partition:
    """Cases to learn from and cases to measure on, and where the latter come from."""

    learn: Cases
    measure: Cases | None
    measured_on: MeasuredOn | None


@dataclass(frozen=True)
class Fitted:
    """Everything that a bundle is made of, in torch and numpy."""

    labels: tuple[Label, ...]
    cases: TrainingCases
    scaling: Scaling
    vae: VAE
    mixture: MixtureParameters
    texture: Texture
    classifier: nn.Module | None
    held_out: HeldOut | None
    histories: dict[str, History]


def partition(dataset: Dataset, configuration: FitConfiguration) -> Partition:
    """The given test set measures; without one, a stratified, group-aware share of the labelled cases does."""
    train = dataset.train
    if dataset.test is not None and train.labels is not None:
        return Partition(train, dataset.test, "given test set")
    if train.labels is None or configuration.held_out_share == 0:
        return Partition(train, None, None)
    kept, held = hold_out(
        train.labels, train.groups, configuration.held_out_share, configuration.seed, len(train.series)
    )
    if len(held) == 0:
        return Partition(train, None, None)
    return Partition(_subset(train, kept), _subset(train, held), "held-out split")


def _subset(cases: Cases, index: np.ndarray) -> Cases:
    labels = tuple(cases.labels[i] for i in index) if cases.labels is not None else None
    groups = tuple(cases.groups[i] for i in index) if cases.groups is not None else None
    return Cases(cases.series[index], labels, groups)


def class_labels(labels: tuple[Label, ...] | None) -> tuple[Label, ...]:
    """The classes in the order of their index: numbers by value, text by text; one class "all" without labels."""
    if labels is None:
        return ("all",)
    return tuple(sorted(set(labels), key=lambda label: (_number(label), str(label))))


def _number(label: Label) -> float:
    try:
        return float(label)
    except ValueError:
        return float("inf")


def training_cases(cases: Cases, labels: tuple[Label, ...]) -> TrainingCases:
    """Labels become class indices; unlabelled cases are all of class 0."""
    own = cases.labels or (labels[0],) * len(cases.series)
    index = np.array([labels.index(label) for label in own], dtype=np.int64)
    return TrainingCases(cases.series, index, len(labels))


def fit(fabric: Fabric, learn: Cases, configuration: FitConfiguration) -> Fitted:
    """Learn from `learn`; equal arguments, machine and threads give equal weights."""
    labels = class_labels(learn.labels)
    cases = training_cases(learn, labels)
    held_out = judge_held_out(fabric, cases, _folds(learn, configuration), configuration)
    scaling = Scaling(cases.series, configuration.working_timepoints)
    start = _starting_point(configuration.start_from, cases, scaling, configuration)
    histories = {}
    model, histories["VAE"] = fit_vae(fabric, cases, scaling, configuration, "VAE", start[0])
    latent = posterior_means(model, scaling, cases.series)
    mixture = fit_mixture(latent, cases.class_index, len(labels), configuration.max_components, configuration.seed)
    texture = fit_texture(residuals(model, scaling, cases.series), cases.class_index, len(labels))
    classifier = None
    if learn.labels is not None:
        real = standardised(cases, scaling)
        synthetic = synthetic_pool(model, mixture, texture, configuration)
        classifier, histories["classifier"] = fit_classifier(
            fabric, real, synthetic, len(labels), configuration, start[1]
        )
    return Fitted(labels, cases, scaling, model, mixture, texture, classifier, held_out, histories)


def _folds(learn: Cases, configuration: FitConfiguration) -> list[Fold]:
    if configuration.folds == 0:
        return []
    return fold_indices(learn.labels, learn.groups, configuration.folds, configuration.seed, len(learn.series))


def _starting_point(
    bundle: Path | None, cases: TrainingCases, scaling: Scaling, configuration: FitConfiguration
) -> tuple[VAE | None, nn.Module | None]:
    """The VAE and classifier of another bundle; the classifier only where the classes are as many."""
    if bundle is None:
        return None, None
    shape = (cases.series.shape[1], scaling.working_timepoints)
    model = vae.build(configuration.vae, *shape, configuration.latent_dim)
    network = classifiers.build(configuration.classifier, *shape, cases.n_classes)
    load_weights(bundle, "vae", model)
    found = load_weights(bundle, "classifier", network, required=False)
    return model, network if found else None


@torch.no_grad()
def predicted(fitted: Fitted, series: np.ndarray) -> np.ndarray:
    """The likeliest class index `[n]` by the classifier."""
    assert fitted.classifier is not None
    logits = fitted.classifier(fitted.scaling.inward(torch.as_tensor(series)))
    index: np.ndarray = logits.argmax(dim=1).numpy()
    return index

"""Ridge regression on the series and on simple features of each channel, its scores made probabilities.

The penalty is chosen by leave-one-out (scikit-learn's RidgeCV); the temperature that makes scores into logits (Guo et
al., 2017) by the scores of real cases in folds that were fitted without them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch import Tensor, nn

from training.families.settings import FLOAT, FamilySettings, Size
from training.learning.policy_cases import PolicyCases
from training.learning.run import Run
from training.settings import Bounds

N_SUMMARIES = 6
"""Features of a channel besides its values; see `RidgeClassifier.compute_features`."""

SMALLEST_SCALE = 1e-6

COLDEST, HOTTEST = 0.2, 20.0
"""Temperatures of scores that are looked at; the coldest gives a score of 1 against -1 odds of 22 000."""

UNKNOWN_TEMPERATURE = 0.5
"""Where no class has two cases; a score of 1 against -1 has odds of 55."""


@dataclass(frozen=True)
class Settings(FamilySettings):
    """Ridge regression on values and simple features; fitted in one go, without gradient steps."""

    least_penalty: Annotated[float, Bounds(gt=0)] = 1e-3
    """Smallest penalty that leave-one-out chooses from."""
    greatest_penalty: Annotated[float, Bounds(gt=0)] = 1e4
    """Greatest penalty that leave-one-out chooses from."""
    n_penalties: Annotated[int, Bounds(ge=1, le=100)] = 15
    """How many penalties it chooses from, evenly spaced in their logarithms."""
    calibration_folds: Annotated[int, Bounds(ge=2)] = 5
    """Most folds whose held-out scores set the temperature of the probabilities."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        n_features = count_features(size)
        yield (
            2 * (size.n_classes + 2) * n_features * FLOAT,
            f"for {n_features} features of {size.n_classes} classes (set fewer --working-timepoints)",
        )


class RidgeClassifier(nn.Module):
    """Standardised series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`: features, scaled, and a layer."""

    mean: Tensor
    scale: Tensor
    weights: Tensor
    offsets: Tensor

    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.register_buffer("weights", torch.zeros(n_features, n_classes))
        self.register_buffer("offsets", torch.zeros(n_classes))

    def compute_features(self, series: Tensor) -> Tensor:
        """Values, and of each channel mean, standard deviation, extremes, and mean and deviation of its steps."""
        steps = (series[:, :, 1:] - series[:, :, :-1]).abs()
        summaries = [
            series.mean(dim=2),
            _compute_deviation(series),
            series.amax(dim=2),
            series.amin(dim=2),
            steps.mean(dim=2),
            _compute_deviation(steps),
        ]
        return torch.cat([series.flatten(1), *summaries], dim=1)

    def forward(self, series: Tensor) -> Tensor:
        logits: Tensor = (self.compute_features(series) - self.mean) / self.scale @ self.weights + self.offsets
        return logits


def _compute_deviation(series: Tensor) -> Tensor:
    """Over time, `[n, n_channels]`; without torch's own, whose graph is larger."""
    centred = series - series.mean(dim=2, keepdim=True)
    return centred.square().mean(dim=2).sqrt()


def count_features(size: Size) -> int:
    """Features of a series."""
    return size.n_channels * (size.n_timepoints + N_SUMMARIES)


def build(size: Size, settings: Settings) -> RidgeClassifier:
    """See `training.families.classifiers`; until it is fitted all classes are equally likely."""
    del settings
    return RidgeClassifier(count_features(size), size.n_classes)


@torch.no_grad()
def fit(cases: PolicyCases, settings: Settings, run: Run) -> tuple[RidgeClassifier, None]:
    """See `training.families.classifiers`."""
    real = cases.real
    classifier = build(real.size, settings)
    collected = cases.collect(run.seed)
    features = classifier.compute_features(collected.series)
    classifier.mean.copy_(features.mean(dim=0))
    classifier.scale.copy_(features.std(dim=0, correction=0).clamp_min(SMALLEST_SCALE))
    learn, own = (
        ((part - classifier.mean) / classifier.scale).double().numpy()
        for part in (features, classifier.compute_features(real.series))
    )
    penalties = np.geomspace(settings.least_penalty, settings.greatest_penalty, settings.n_penalties)
    ridge = RidgeCV(penalties).fit(
        learn, _make_targets(collected.class_index.numpy(), real.n_classes), collected.weight.double().numpy()
    )
    class_index = real.class_index.numpy()
    held_out, scored = _score_held_out(own, class_index, real.n_classes, ridge.alpha_, settings, run.seed)
    temperature = fit_temperature(held_out[scored], class_index[scored]) if scored.any() else UNKNOWN_TEMPERATURE
    classifier.weights.copy_(torch.as_tensor(ridge.coef_.reshape(real.n_classes, -1).T / temperature))
    classifier.offsets.copy_(torch.as_tensor(np.reshape(ridge.intercept_, -1) / temperature))
    return classifier.eval(), None


def _score_held_out(
    features: np.ndarray, class_index: np.ndarray, n_classes: int, penalty: float, settings: Settings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Scores `[n, n_classes]` of cases by regressions that did not see them, and which count `[n]`: those of a class
    that had another case to be learned from."""
    counts = np.bincount(class_index)
    scored = counts[class_index] > 1
    if not scored.any():
        return np.zeros((len(features), n_classes)), scored
    folds = StratifiedKFold(min(settings.calibration_folds, counts.max()), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        pairs = list(folds.split(features, class_index))
    scores = cross_val_predict(Ridge(penalty), features, _make_targets(class_index, n_classes), cv=pairs)
    return scores.reshape(len(features), n_classes), scored


def _make_targets(class_index: np.ndarray, n_classes: int) -> np.ndarray:
    """1 for a case's own class and -1 for the others, `[n, n_classes]`, as RidgeClassifierCV has it."""
    targets: np.ndarray = 2 * np.eye(n_classes)[class_index] - 1
    return targets


def fit_temperature(scores: np.ndarray, class_index: np.ndarray) -> float:
    """What scores `[n, n_classes]` are divided by so that their softmax explains the classes `[n]` best."""

    def measure(log_temperature: float) -> float:
        log_probability = log_softmax(scores / np.exp(log_temperature), axis=1)
        return -float(log_probability[np.arange(len(scores)), class_index].mean())

    found = minimize_scalar(measure, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))

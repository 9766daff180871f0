"""Ridge regression on features, its scores made probabilities.

The penalty is chosen by leave-one-out (scikit-learn's RidgeCV); the temperature that makes scores into logits (Guo et
al., 2017) by the scores of real cases in folds that were fitted without them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch import Tensor, nn

from training.families.settings import RidgeSettings
from training.learning.policy_cases import PolicyCases

SMALLEST_SCALE = 1e-6

COLDEST, HOTTEST = 0.2, 20.0
"""Temperatures of scores that are looked at; the coldest gives a score of 1 against -1 odds of 22 000."""

UNKNOWN_TEMPERATURE = 0.5
"""Where no class has two cases; a score of 1 against -1 has odds of 55."""


class RidgeHead(nn.Module):
    """Features `[n, n_features]` to logits `[n, n_classes]`; until it is fitted all classes are equally likely."""

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

    def scale_features(self, features: Tensor) -> Tensor:
        """In units of their spread over the training cases."""
        return (features - self.mean) / self.scale

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.scale_features(features) @ self.weights + self.offsets
        return logits


@torch.no_grad()
def fit_head(
    head: RidgeHead,
    compute_features: Callable[[Tensor], Tensor],
    cases: PolicyCases,
    settings: RidgeSettings,
    seed: int,
) -> None:
    """Fit the head in place; `compute_features` makes `[n, n_features]` of standardised series.

    All the cases of the policy set penalty and weights, the real ones alone the temperature.
    """
    real, collected = cases.real, cases.collect(seed)
    features = compute_features(collected.series)
    head.mean.copy_(features.mean(dim=0))
    head.scale.copy_(features.std(dim=0, correction=0).clamp_min(SMALLEST_SCALE))
    learn, own = (head.scale_features(part).double().numpy() for part in (features, compute_features(real.series)))
    penalties = np.geomspace(settings.least_penalty, settings.greatest_penalty, settings.n_penalties)
    targets = _make_targets(collected.class_index.numpy(), real.n_classes)
    ridge = RidgeCV(penalties).fit(learn, targets, collected.weight.double().numpy())
    class_index = real.class_index.numpy()
    held_out, scored = _score_held_out(own, class_index, real.n_classes, ridge.alpha_, settings, seed)
    temperature = fit_temperature(held_out[scored], class_index[scored]) if scored.any() else UNKNOWN_TEMPERATURE
    head.weights.copy_(torch.as_tensor(ridge.coef_.reshape(real.n_classes, -1).T / temperature))
    head.offsets.copy_(torch.as_tensor(np.reshape(ridge.intercept_, -1) / temperature))


def _score_held_out(
    features: np.ndarray, class_index: np.ndarray, n_classes: int, penalty: float, settings: RidgeSettings, seed: int
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

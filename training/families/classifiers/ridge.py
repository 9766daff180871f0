"""Ridge regression on the series and on simple features of each channel; see `training.learning.ridge_head`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.families.settings import FLOAT, RidgeSettings, Size
from training.learning.policy_cases import PolicyCases
from training.learning.ridge_head import RidgeHead, fit_head
from training.learning.run import Run

N_SUMMARIES = 6
"""Features of a channel besides its values; see `RidgeClassifier.compute_features`."""


@dataclass(frozen=True)
class Settings(RidgeSettings):
    """Ridge regression on values and simple features; fitted in one go, without gradient steps."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        n_features = count_features(size)
        yield (
            2 * (size.n_classes + 2) * n_features * FLOAT,
            f"for {n_features} features of {size.n_classes} classes (set fewer --working-timepoints)",
        )


class RidgeClassifier(RidgeHead):
    """Standardised series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`: features, scaled, and a layer."""

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
        return super().forward(self.compute_features(series))


def _compute_deviation(series: Tensor) -> Tensor:
    """Over time, `[n, n_channels]`; without torch's own, whose graph is larger."""
    centred = series - series.mean(dim=2, keepdim=True)
    return centred.square().mean(dim=2).sqrt()


def count_features(size: Size) -> int:
    """Features of a series."""
    return size.n_channels * (size.n_timepoints + N_SUMMARIES)


def build(size: Size, settings: Settings) -> RidgeClassifier:
    """See `training.families.classifiers`."""
    del settings
    return RidgeClassifier(count_features(size), size.n_classes)


def fit(cases: PolicyCases, settings: Settings, run: Run) -> tuple[RidgeClassifier, None]:
    """See `training.families.classifiers`."""
    classifier = build(cases.real.size, settings)
    fit_head(classifier, classifier.compute_features, cases, settings, run.seed)
    return classifier.eval(), None

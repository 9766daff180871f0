"""A ridge regression from a dataset's features to its uplift, and its error on datasets left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

Predictor = Callable[[np.ndarray], np.ndarray]
"""Features `[n, n_features]` to points `[n]`."""

PENALTIES = tuple(float(penalty) for penalty in np.logspace(0, 4, 9))
"""That leaving one dataset out after another chooses from."""


@dataclass(frozen=True)
class Examples:
    """features `[n, n_features]`, uplift `[n]` in points, and the dataset `[n]` of each measurement."""

    features: np.ndarray
    uplift: np.ndarray
    datasets: np.ndarray

    def select(self, chosen: np.ndarray) -> Examples:
        """Those at `chosen`, an index or a mask."""
        return Examples(self.features[chosen], self.uplift[chosen], self.datasets[chosen])

    @property
    def weight(self) -> np.ndarray:
        """`[n]`, 1 in all, each dataset alike however often it was measured."""
        names, own, counts = np.unique(self.datasets, return_inverse=True, return_counts=True)
        weight: np.ndarray = 1 / counts[own] / len(names)
        return weight


@dataclass(frozen=True)
class Forecast:
    """uplift = intercept + Σ weights (features − mean) / scale, in points of balanced accuracy."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: float

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Points `[n]` for features `[n, n_features]`."""
        points: np.ndarray = self.intercept + (features - self.mean) / self.scale @ self.weights
        return points


def fit_forecast(examples: Examples, penalties: Sequence[float] = PENALTIES) -> Forecast:
    """The regression with the penalty, of several, that errs least on each dataset when fitted to the others."""
    if len(penalties) > 1:
        errors = [leave_out(examples, partial(_fit_predictor, penalty=penalty)) for penalty in penalties]
        squared = [float(examples.weight @ np.square(error)) for error in errors]
        penalties = [penalties[int(np.argmin(squared))]]
    weight = examples.weight
    mean, intercept = weight @ examples.features, float(weight @ examples.uplift)
    spread = np.sqrt(weight @ np.square(examples.features - mean))
    scale = np.where(spread > 1e-9, spread, 1.0)
    scaled = (examples.features - mean) / scale
    gram = scaled.T @ (weight[:, None] * scaled) * len(weight) + penalties[0] * np.eye(len(mean))
    weights = np.linalg.solve(gram, scaled.T @ (weight * (examples.uplift - intercept)) * len(weight))
    return Forecast(mean, scale, weights, intercept)


def _fit_predictor(examples: Examples, penalty: float) -> Predictor:
    return fit_forecast(examples, [penalty]).predict


def predict_mean(examples: Examples) -> Predictor:
    """The forecast that looks at nothing: the mean over datasets."""
    mean = float(examples.weight @ examples.uplift)
    return lambda features: np.full(len(features), mean)


def leave_out(examples: Examples, fit: Callable[[Examples], Predictor]) -> np.ndarray:
    """Of each measurement the uplift forecast less the true one, `[n]`, by what was fitted to the other datasets."""
    errors = np.zeros(len(examples.uplift))
    for name in np.unique(examples.datasets):
        out = examples.datasets == name
        errors[out] = fit(examples.select(~out))(examples.features[out]) - examples.uplift[out]
    return errors

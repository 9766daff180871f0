"""A labelled dataset in thirty numbers: its size, its balance, how its classes differ, and catch22."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from bundle.resampling import resample

MOST_CASES = 200
"""That are looked at, evenly spaced over the classes' order, so that a large dataset takes no longer."""

MOST_TIMEPOINTS = 128

CATCH22 = "catch22."


def compute_features(series: np.ndarray, class_index: np.ndarray) -> dict[str, float]:
    """Features by name, of series `[n_cases, n_channels, n_timepoints]` without gaps and class_index `[n_cases]`.

    Sizes are natural logarithms. `separation`: variance between the classes' means over that within classes.
    `neighbour_error`: the share of cases whose nearest other case is of another class. catch22 (Lubba et al., 2019),
    by aeon: each feature's sign(x) log(1 + abs(x)), the mean over cases and channels.
    """
    counts = np.bincount(class_index)
    counts = counts[counts > 0]
    n_cases, n_channels, n_timepoints = series.shape
    order = np.argsort(class_index, kind="stable")
    chosen = order[np.unique(np.linspace(0, n_cases - 1, min(n_cases, MOST_CASES)).round().astype(int))]
    few, own = _standardise(series[chosen]), class_index[chosen]
    flat = few.reshape(len(few), -1)
    return {
        "log_cases": float(np.log(n_cases)),
        "log_smallest_class": float(np.log(counts.min())),
        "log_imbalance": float(np.log(counts.max() / counts.min())),
        "log_classes": float(np.log(len(counts))),
        "log_timepoints": float(np.log(n_timepoints)),
        "log_channels": float(np.log(n_channels)),
        "separation": float(np.log1p(_compute_separation(flat, own))),
        "neighbour_error": _compute_neighbour_error(flat, own),
        **_compute_catch22(few),
    }


def _standardise(series: np.ndarray) -> np.ndarray:
    """By channel, at no more than MOST_TIMEPOINTS."""
    wide = resample(series, min(series.shape[2], MOST_TIMEPOINTS)).astype(np.float64)
    scale = wide.std(axis=(0, 2), keepdims=True)
    standardised: np.ndarray = (wide - wide.mean(axis=(0, 2), keepdims=True)) / np.where(scale > 0, scale, 1)
    return standardised


def _compute_separation(flat: np.ndarray, class_index: np.ndarray) -> float:
    classes, own_class = np.unique(class_index, return_inverse=True)
    own = np.stack([flat[class_index == index].mean(axis=0) for index in classes])[own_class]
    within, between = np.square(flat - own).mean(), np.square(own - flat.mean(axis=0)).mean()
    return float(between / max(within, 1e-12))


def _compute_neighbour_error(flat: np.ndarray, class_index: np.ndarray) -> float:
    distances = cdist(flat, flat)
    np.fill_diagonal(distances, np.inf)
    return float((class_index[distances.argmin(axis=1)] != class_index).mean())


def _compute_catch22(series: np.ndarray) -> dict[str, float]:
    # Importing aeon takes a second, which who asks for help need not wait for.
    from aeon.transformations.collection.feature_based import Catch22
    from aeon.transformations.collection.feature_based._catch22 import feature_names_short

    found = Catch22(replace_nans=True).fit_transform(series)
    each = (np.sign(found) * np.log1p(np.abs(found))).reshape(len(series), series.shape[1], -1).mean(axis=(0, 1))
    return {CATCH22 + name: float(value) for name, value in zip(feature_names_short, each, strict=True)}

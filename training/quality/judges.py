"""The judges, strong on few cases and quick, deterministic at equal seeds, named as the manifest names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from training.choosing.rocket import make_ridge
from training.quality.representation import compute_descriptors, fit_convolutions

MARGIN_COST = 3.0


@dataclass(frozen=True)
class Judge:
    """`features` sees the series `[n_cases, n_channels, n_timepoints]` (standardised) and a seed, never a label;
    `classifier` makes a fresh classifier of the features."""

    name: str
    features: Callable[[np.ndarray, int], np.ndarray]
    classifier: Callable[[], Any]


def _make_support_vectors() -> Any:
    return make_pipeline(StandardScaler(), SVC(C=MARGIN_COST, random_state=0))


CONVOLUTIONAL = Judge("MiniRocket + ridge", lambda series, seed: fit_convolutions(series, seed)(series), make_ridge)
"""Dempster, Schmidt & Webb, 2021: local shapes at many scales."""

DESCRIPTIVE = Judge("shape and spectrum + SVM", lambda series, seed: compute_descriptors(series), _make_support_vectors)
"""Course, differences, log spectrum and autocorrelation, by a support vector machine with a Gaussian kernel."""

JUDGES = (CONVOLUTIONAL, DESCRIPTIVE)

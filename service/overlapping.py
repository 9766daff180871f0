"""Tells whether a model was fitted on the cases that were sent, and on others beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.manifest import Manifest
from bundle.sketch import estimate_overlap


@dataclass(frozen=True)
class TrainingOverlap:
    """`share` of the given cases that the model was fitted on, 0 to 1, estimated between `low` and `high` (95 %), by a
    sketch that tells next to nothing of any one case. `partial`: it was fitted on given cases, and certainly on others
    that were not given; `message` says what follows."""

    share: float
    low: float
    high: float
    partial: bool
    message: str


def describe_overlap(series: NDArray[np.float32], manifest: Manifest) -> TrainingOverlap | None:
    """Describe which of cases `[n_cases, n_channels, n_timepoints]` a model was fitted on; None without a sketch."""
    sketch = manifest.provenance.training_sketch
    if sketch is None:
        return None
    found = estimate_overlap(sketch, series)
    model = f"{manifest.name!r} was fitted on {sketch.n_cases} different cases"
    message = (
        f"{model}; as far as can be told, all of them were given, or none."
        if not found.partial
        else f"{model}: some {100 * found.share:.0f} % of the cases given, and others that were not given. Where those "
        "others are what a classifier is then judged by, as in cross-validation, its score is flattered, since what "
        "made the series has seen them. Fit a model to each fold's training cases, or judge by cases that no fit saw."
    )
    return TrainingOverlap(found.share, found.low, found.high, found.partial, message)

"""Other people's methods, one file each, found by name.

A peer is a module with `augment(cases, counts, configuration) -> TrainingCases`: the cases as they came, first and
unchanged, then up to `counts` `[n_classes]` synthetic ones of each class, in original units. The seed and the step
budget are the configuration's. Made for imbalanced data, most of them would add nothing to a balanced set: the counts
say what to add, so that every peer doubles a training set where we do.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

import numpy as np

from training.configuration import FitConfiguration
from training.learning.cases import TrainingCases


class Peer(Protocol):
    """A module of this package."""

    def augment(self, cases: TrainingCases, counts: np.ndarray, configuration: FitConfiguration) -> TrainingCases: ...


def import_peer(name: str) -> Peer:
    """The peer of that name."""
    return cast(Peer, importlib.import_module(f"{__name__}.{name}"))

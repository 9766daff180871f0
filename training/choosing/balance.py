"""Which classes are rare, and whether classes are imbalanced."""

from __future__ import annotations

import numpy as np

IMBALANCE = 3.0
"""Largest over smallest class count from which on rare classes are drawn more often, by `FitConfiguration.balance`."""


def find_rare(counts: np.ndarray) -> np.ndarray:
    """Which classes `[n_classes]`, of those that have cases, have so few beside the largest."""
    rare: np.ndarray = (counts > 0) & (IMBALANCE * counts <= counts.max())
    return rare


def is_imbalanced(class_index: np.ndarray) -> bool:
    """Whether the classes that have cases differ in count by IMBALANCE or more."""
    return bool(find_rare(np.bincount(class_index)).any())

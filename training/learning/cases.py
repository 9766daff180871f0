"""Cases to learn from: as they came, and as networks see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.families.settings import Size
from training.learning.scaling import Scaling


@dataclass(frozen=True)
class TrainingCases:
    """What is learned from: series `[n_cases, n_channels, n_timepoints]`, class_index `[n_cases]`, n_classes."""

    series: np.ndarray
    class_index: np.ndarray
    n_classes: int

    def select(self, index: np.ndarray) -> TrainingCases:
        """The cases at `index`; the classes stay."""
        return TrainingCases(self.series[index], self.class_index[index], self.n_classes)


@dataclass(frozen=True)
class Pool:
    """Standardised series `[n, n_channels, working_timepoints]` and their class_index `[n]`, on one device."""

    series: Tensor
    class_index: Tensor
    n_classes: int

    @property
    def size(self) -> Size:
        """How many cases of what shape."""
        n_cases, n_channels, n_timepoints = self.series.shape
        return Size(n_cases, n_channels, n_timepoints, self.n_classes)

    def to(self, device: torch.device) -> Pool:
        """The same on another device."""
        return Pool(self.series.to(device), self.class_index.to(device), self.n_classes)


def standardise(cases: TrainingCases, scaling: Scaling) -> Pool:
    """The cases as the networks see them."""
    return Pool(scaling.standardise(torch.as_tensor(cases.series)), torch.as_tensor(cases.class_index), cases.n_classes)

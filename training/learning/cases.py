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
    """What is learned from: series `[n_cases, n_channels, n_timepoints]`, class_index `[n_cases]`, n_classes.

    lengths `[n_cases]` and counted `[n_cases, n_channels, n_timepoints]` as of `training.data.Cases`.
    """

    series: np.ndarray
    class_index: np.ndarray
    n_classes: int
    lengths: np.ndarray | None = None
    counted: np.ndarray | None = None

    def select(self, index: np.ndarray) -> TrainingCases:
        """The cases at `index`; the classes stay."""
        lengths = None if self.lengths is None else self.lengths[index]
        counted = None if self.counted is None else self.counted[index]
        return TrainingCases(self.series[index], self.class_index[index], self.n_classes, lengths, counted)


@dataclass(frozen=True)
class Pool:
    """Standardised series `[n, n_channels, working_timepoints]` and their class_index `[n]`, on one device.

    counted: how much each value counts in an error, 0 … 1, shaped as series; None: all alike.
    """

    series: Tensor
    class_index: Tensor
    n_classes: int
    counted: Tensor | None = None

    @property
    def size(self) -> Size:
        """How many cases of what shape."""
        n_cases, n_channels, n_timepoints = self.series.shape
        return Size(n_cases, n_channels, n_timepoints, self.n_classes)

    def to(self, device: torch.device) -> Pool:
        """The same on another device."""
        counted = None if self.counted is None else self.counted.to(device)
        return Pool(self.series.to(device), self.class_index.to(device), self.n_classes, counted)


def standardise(cases: TrainingCases, scaling: Scaling) -> Pool:
    """The cases as the networks see them."""
    series = scaling.standardise(torch.as_tensor(cases.series))
    counted = None
    if cases.counted is not None:
        counted = scaling.bring_to_working_length(torch.as_tensor(cases.counted, dtype=torch.float32))
    return Pool(series, torch.as_tensor(cases.class_index), cases.n_classes, counted)

"""What a dataset is once it has been read and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Label = str | int


class DatasetError(ValueError):
    """A dataset that cannot be used: says what came, what was expected and what to do."""


@dataclass(frozen=True)
class Cases:
    """One partition.

    series: float32 `[n_cases, n_channels, n_timepoints]`, finite, C-contiguous, in original units.
    labels: one per case as the user wrote it (type kept); None when unlabelled.
    groups: one per case; cases of one group must never be parted. None: every case is its own group.
    """

    series: NDArray[np.float32]
    labels: tuple[Label, ...] | None
    groups: tuple[str, ...] | None


@dataclass(frozen=True)
class Dataset:
    """A training partition and, where the archive or the user split one off, a test partition.

    sha256 covers every series, label and group, but not the name: equal data, equal hash.
    """

    name: str
    train: Cases
    test: Cases | None
    sha256: str

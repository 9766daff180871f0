"""What a dataset is once it has been read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bundle.shape import SeriesShape

Label = str | int


class DatasetError(ValueError):
    """A dataset that cannot be used: says what came, what was expected and what to do."""


@dataclass(frozen=True)
class Cases:
    """One partition.

    series: float32 `[n_cases, n_channels, n_timepoints]`, finite, C-contiguous, in original units.
    labels: one per case as the user wrote it (type kept); None when unlabelled.
    groups: one per case; cases of one group must never be parted. None: every case is its own group.
    lengths: how many timepoints each case had before it was put onto the grid; None: n_timepoints.
    counted: `[n_cases, n_channels, n_timepoints]`, which values count in an error; None: all.
    rows: where each case stands in its partition as it was read; None: they are all there, in order.
    """

    series: NDArray[np.float32]
    labels: tuple[Label, ...] | None
    groups: tuple[str, ...] | None
    lengths: NDArray[np.int64] | None = None
    counted: NDArray[np.bool_] | None = None
    rows: NDArray[np.int64] | None = None

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        """Where each case stands in its partition as it was read, `[n_cases]`, counted from 0."""
        return np.arange(len(self.series)) if self.rows is None else self.rows

    def select(self, index: NDArray[np.intp]) -> Cases:
        """The cases at `index`."""
        return Cases(
            self.series[index],
            tuple(self.labels[case] for case in index) if self.labels is not None else None,
            tuple(self.groups[case] for case in index) if self.groups is not None else None,
            self.lengths[index] if self.lengths is not None else None,
            self.counted[index] if self.counted is not None else None,
            self.row_numbers[index],
        )


@dataclass(frozen=True)
class Dataset:
    """A training partition and, where the archive or the user split one off, a test partition.

    sha256 covers every series, label and group, but neither name nor description: equal data, equal hash. `shape` is
    that of the series, and says how others come onto their grid.
    """

    name: str
    train: Cases
    test: Cases | None
    sha256: str
    shape: SeriesShape
    description: Description = field(default_factory=lambda: Description())


@dataclass(frozen=True)
class Description:
    """What the source says of its series, and what reading did to them.

    channel_names, units: one per channel, or None. sampling_interval: with its unit ("0.01 s"), or None.
    read: what was read, in one line. notes: a sentence for each thing that was dropped, filled, renamed or reordered.
    """

    channel_names: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    sampling_interval: str | None = None
    read: str = ""
    notes: tuple[str, ...] = ()

"""What a reader or a generator hands over: one partition as it was found, not yet checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[Any] | Sequence[Sequence[NDArray[np.float64]]]


@dataclass(frozen=True)
class Raw:
    """Unchecked cases, and what else the file says of them.

    series: an array `[n_cases, n_channels, n_timepoints]` of any type, or a list of cases, each a list of channels,
        whose lengths may differ. NaN is a missing value.
    labels, groups: one plain value per case, or None.
    plain_integers: labels came as text, and are integers when all labels of both partitions are written as such.
    timepoint_labels: per case one plain value per timepoint, None where there is none; windows take theirs from them.
    label_origin, group_origin: where they come from, in words such as "column 'activity'".
    channel_names, units: one per channel, or None.
    sampling_interval: the time between two timepoints with its unit ("0.01 s"), or None.
    times: per case `[n_timepoints]`, ascending numbers (seconds, where the unit is known) for series that are sampled
        irregularly; None: regular.
    notes: a sentence for each thing that was dropped, filled, renamed or reordered.
    rows: where each case stands among those that were read, counted from 0; None: they are all there, in order.
    """

    series: Series
    labels: Sequence[object] | None = None
    groups: Sequence[object] | None = None
    plain_integers: bool = False
    label_origin: str | None = None
    group_origin: str | None = None
    channel_names: Sequence[str] | None = None
    units: Sequence[str] | None = None
    sampling_interval: str | None = None
    times: Sequence[NDArray[np.float64]] | None = None
    notes: tuple[str, ...] = ()
    timepoint_labels: Sequence[Sequence[object]] | None = None
    rows: NDArray[np.int64] | None = None


Partitions = tuple[Raw, Raw | None]

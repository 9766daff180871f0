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
    """Unchecked cases.

    series: an array `[n_cases, n_channels, n_timepoints]` of any type, or a list of cases, each a list of channels,
        whose lengths may differ. NaN is a missing value.
    labels, groups: one plain value per case, or None.
    plain_integers: labels came as text, and are integers when all labels of both partitions are written as such.
    """

    series: Series
    labels: Sequence[object] | None = None
    groups: Sequence[object] | None = None
    plain_integers: bool = False
    times: Sequence[NDArray[np.float64]] | None = None


Partitions = tuple[Raw, Raw | None]

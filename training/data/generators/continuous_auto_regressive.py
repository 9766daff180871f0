"""Generates continuous autoregressions of first order (Ornstein & Uhlenbeck, 1930); classes differ in the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import Bounds


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """Continuous autoregression of first order, in its stationary state: values at a distance of d timepoints correlate
    by exp(-rate d); the rate of each class is that of the last times `contrast`."""

    rate: Annotated[float, Bounds(gt=0)] = 0.05
    """How fast the first class forgets, per timepoint."""
    deviation: Annotated[float, Bounds(gt=0)] = 1.0
    """Standard deviation of a value."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""
    from scipy.signal import lfilter

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        kept = np.exp(-settings.rate * settings.scale(class_index))
        noise = random.normal(0, settings.deviation, (n_cases, settings.n_channels, settings.n_timepoints))
        noise[..., 1:] *= np.sqrt(1 - kept**2)  # the first value is drawn from the stationary state
        series: NDArray[np.float64] = lfilter([1], [1, -kept], noise)
        return series

    return make_partitions(settings, draw)

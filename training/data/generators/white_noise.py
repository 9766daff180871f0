"""Generates white Gaussian noise; classes differ in its standard deviation."""

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
    """White Gaussian noise; the standard deviation of each class is that of the last times `contrast`."""

    mean: float = 0.0
    """Mean of all classes."""
    deviation: Annotated[float, Bounds(gt=0)] = 1.0
    """Standard deviation of the first class."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        return random.normal(settings.mean, settings.deviation * settings.scale(class_index), shape)

    return make_partitions(settings, draw)

"""Generates sums of a sine wave and its overtones in white noise; classes differ in the period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.generators.harmonic import draw_harmonics
from training.data.raw import Partitions
from training.settings import Bounds


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """Sums of a sine wave and its overtones, each at a random phase, in white noise; the period of each class is that
    of the last over `contrast`."""

    amplitudes: tuple[float, ...] = (1.0, 0.5, 0.25)
    """Amplitudes of the wave and of its overtones of 2, 3, … waves a period."""
    period: Annotated[float, Bounds(ge=2)] = 48.0
    """Period of the first class, in timepoints."""
    noise: Annotated[float, Bounds(ge=0)] = 0.1
    """Standard deviation of the noise."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        period = settings.period / settings.scale(class_index)
        return draw_harmonics(settings.amplitudes, period, shape, random) + random.normal(0, settings.noise, shape)

    return make_partitions(settings, draw)

"""Generates sine waves of a random phase in white noise; classes differ in the period."""

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
    """Sine waves of a random phase in white noise; the period of each class is that of the last over `contrast`."""

    amplitude: Annotated[float, Bounds(gt=0)] = 1.0
    """Amplitude of the wave."""
    period: Annotated[float, Bounds(ge=2)] = 32.0
    """Period of the first class, in timepoints."""
    noise: Annotated[float, Bounds(ge=0)] = 0.1
    """Standard deviation of the noise."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        period = settings.period / settings.scale(class_index)
        return draw_harmonics((settings.amplitude,), period, shape, random) + random.normal(0, settings.noise, shape)

    return make_partitions(settings, draw)


def draw_harmonics(
    amplitudes: tuple[float, ...], period: float, shape: tuple[int, int, int], random: np.random.Generator
) -> NDArray[np.float64]:
    """Sums of a wave and its overtones, each at a phase of its own.

    `shape` is n_cases, n_channels, n_timepoints; `amplitudes` those of 1, 2, 3 … waves a period.
    """
    total = np.zeros(shape)
    for overtone, amplitude in enumerate(amplitudes, start=1):
        phase = random.uniform(0, 2 * np.pi, (*shape[:2], 1))
        total += amplitude * np.sin(2 * np.pi * overtone * np.arange(shape[2]) / period + phase)
    return total

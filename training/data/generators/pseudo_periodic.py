"""Generates waves whose every cycle has a length and an amplitude of its own; classes differ in the mean period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import Bounds

SHORTEST = 0.1
"""Of the mean period, the length that a cycle has at least."""


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """Waves whose every cycle has a length and an amplitude of its own, in white noise; the mean period of each class
    is that of the last over `contrast`."""

    amplitude: Annotated[float, Bounds(gt=0)] = 1.0
    """Mean amplitude."""
    period: Annotated[float, Bounds(ge=2)] = 32.0
    """Mean period of the first class, in timepoints."""
    amplitude_deviation: Annotated[float, Bounds(ge=0)] = 0.1
    """Standard deviation of the cycles' amplitudes, as a share of the mean."""
    period_deviation: Annotated[float, Bounds(ge=0)] = 0.1
    """Standard deviation of the cycles' lengths, as a share of the mean; no cycle is shorter than a tenth of it."""
    noise: Annotated[float, Bounds(ge=0)] = 0.05
    """Standard deviation of the noise."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        period = settings.period / settings.scale(class_index)
        waves = [_draw_wave(settings, period, random) for _ in range(n_cases * settings.n_channels)]
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        return np.reshape(waves, shape) + random.normal(0, settings.noise, shape)

    return make_partitions(settings, draw)


def _draw_wave(settings: Settings, period: float, random: np.random.Generator) -> NDArray[np.float64]:
    """One wave `[n_timepoints]` that begins anywhere in a cycle."""
    n_cycles = int(settings.n_timepoints / (SHORTEST * period)) + 2
    lengths = period * np.maximum(SHORTEST, random.normal(1, settings.period_deviation, n_cycles))
    amplitudes = settings.amplitude * random.normal(1, settings.amplitude_deviation, n_cycles + 1)
    starts = np.concatenate([[0], np.cumsum(lengths)]) - random.uniform(0, lengths[0])
    times = np.arange(settings.n_timepoints)
    cycles = np.interp(times, starts, np.arange(n_cycles + 1))
    wave: NDArray[np.float64] = np.interp(times, starts, amplitudes) * np.sin(2 * np.pi * cycles)
    return wave

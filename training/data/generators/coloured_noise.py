"""Generates Gaussian noise whose power falls with frequency (Timmer & König, 1995); classes differ in how steeply."""

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
    """Gaussian noise of power 1 / frequency^exponent, without a mean; the exponent of each class is that of the last
    times `contrast`."""

    exponent: float = 1.0
    """Exponent of the first class: 0 white, 1 pink, 2 red, below 0 blue."""
    deviation: Annotated[float, Bounds(gt=0)] = 1.0
    """Standard deviation of a value, the same for all classes."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        spectrum = np.fft.rfft(random.standard_normal(shape))
        frequencies = np.fft.rfftfreq(settings.n_timepoints)
        gain = np.zeros_like(frequencies)
        gain[1:] = frequencies[1:] ** (-settings.exponent * settings.scale(class_index) / 2)
        # Each frequency but 0 and the last stands for two; the mean power of a value is then 1.
        weight = np.full_like(gain, 2.0)
        weight[-1] = 1.0 if settings.n_timepoints % 2 == 0 else 2.0
        gain *= np.sqrt(settings.n_timepoints / (weight * gain**2).sum())
        return settings.deviation * np.fft.irfft(spectrum * gain, settings.n_timepoints)

    return make_partitions(settings, draw)

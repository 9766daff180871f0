"""Generates independent uniform values; classes differ in their span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import ConfigurationError


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """Independent values, uniform from `low` on; the span of each class is that of the last times `contrast`."""

    low: float = 0.0
    """The least value of all classes."""
    high: float = 1.0
    """The greatest value of the first class."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise ConfigurationError(f"--generator.high is {self.high}; it must be above --generator.low, {self.low}.")


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        shape = (n_cases, settings.n_channels, settings.n_timepoints)
        high = settings.low + (settings.high - settings.low) * settings.scale(class_index)
        return random.uniform(settings.low, high, shape)

    return make_partitions(settings, draw)

"""Generates autoregressive series, AR(p), in their stationary state; classes differ in how fast they forget."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import Bounds, ConfigurationError

SLOWEST = 0.999
"""The largest modulus that a root of the process may have; at 1 it has no stationary state."""

FORGOTTEN = 1e-8
"""What is left of the start when a series begins."""


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """x[t] = c1 x[t-1] + … + cp x[t-p] + noise; the roots of each class are those of the last over `contrast`."""

    coefficients: tuple[float, ...] = (1.5, -0.75)
    """c1 … cp of the first class."""
    deviation: Annotated[float, Bounds(gt=0)] = 1.0
    """Standard deviation of the noise that drives the series."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for class_index in range(self.n_classes):
            if not (slowest := self.compute_slowest(class_index)) <= SLOWEST:
                raise ConfigurationError(
                    f"--generator.coefficients {' '.join(map(str, self.coefficients))} have a root of modulus "
                    f"{slowest:.4g} in class {class_index}; it must be at most {SLOWEST}, or the series has no "
                    "stationary state. Give smaller coefficients."
                )

    def find_coefficients(self, class_index: int) -> NDArray[np.float64]:
        """c1 … cp of a class, `[p]`."""
        lags = np.arange(1, len(self.coefficients) + 1)
        coefficients: NDArray[np.float64] = np.array(self.coefficients) / self.scale(class_index) ** lags
        return coefficients

    def compute_slowest(self, class_index: int) -> float:
        """The largest modulus of a root: what is left of a value after a timepoint, in the long run."""
        roots = np.roots([1, *-self.find_coefficients(class_index)])
        return float(np.abs(roots).max(initial=0))


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`."""
    from scipy.signal import lfilter

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        slowest = settings.compute_slowest(class_index)
        settling = ceil(log(FORGOTTEN) / log(slowest)) if slowest > 0 else 0
        shape = (n_cases, settings.n_channels, settling + settings.n_timepoints)
        noise = random.normal(0, settings.deviation, shape)
        series: NDArray[np.float64] = lfilter([1], [1, *-settings.find_coefficients(class_index)], noise)
        return series[..., settling:]

    return make_partitions(settings, draw)

"""Generates nonlinear autoregressive moving averages, NARMA (Atiya & Parlos, 2000); classes differ in the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.generated import ContrastSettings, make_partitions
from training.data.raw import Partitions
from training.settings import Bounds, ConfigurationError

SETTLING = 200
"""Timepoints that go before a series begins."""

DIVERGED = 1e3


@dataclass(frozen=True)
class Settings(ContrastSettings):
    """y[t+1] = a y[t] + b y[t] (y[t] + … + y[t-n+1]) + c u[t-n+1] u[t] + d with u uniform in 0 … 0.5 (above order 10
    within tanh, as it diverges without); the order n of each class is that of the last over `contrast`."""

    order: Annotated[int, Bounds(ge=1, le=100)] = 10
    """n of the first class."""
    coefficients: tuple[float, float, float, float] = (0.3, 0.05, 1.5, 0.1)
    """a, b, c and d."""


def generate(settings: Settings) -> Partitions:
    """Training and test cases `[n_cases, n_channels, n_timepoints]`.

    Raises `ConfigurationError` where the coefficients let a series grow without bounds.
    """

    def draw(class_index: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
        order = max(1, round(settings.order / settings.scale(class_index)))
        series = _draw_series(settings, order, n_cases, random)
        if not (np.abs(series) < DIVERGED).all():
            raise ConfigurationError(
                f"--generator.coefficients {' '.join(map(str, settings.coefficients))} let a series of order {order} "
                "grow without bounds. Give smaller ones, such as 0.3 0.05 1.5 0.1."
            )
        return series

    return make_partitions(settings, draw)


def _draw_series(settings: Settings, order: int, n_cases: int, random: np.random.Generator) -> NDArray[np.float64]:
    a, b, c, d = settings.coefficients
    length = SETTLING + settings.n_timepoints
    inputs = random.uniform(0, 0.5, (length, n_cases, settings.n_channels))
    series = np.zeros((length, n_cases, settings.n_channels))
    with np.errstate(over="ignore", invalid="ignore"):  # what diverges is refused
        for t in range(order - 1, length - 1):
            recent = series[t - order + 1 : t + 1].sum(axis=0)
            following = a * series[t] + b * series[t] * recent + c * inputs[t - order + 1] * inputs[t] + d
            series[t + 1] = np.tanh(following) if order > 10 else following
    return np.moveaxis(series[SETTLING:], 0, 2)

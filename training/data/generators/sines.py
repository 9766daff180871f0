"""Generates `sines`: two channels of very different level and scale, three classes, always the same numbers.

For tests and demonstrations: a learner that confuses units or classes shows it here within seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.generated import Options
from training.data.raw import Partitions, Raw

_N_CLASSES = 3
_CASES_PER_CLASS = 20
_N_TIMEPOINTS = 64
_LEVEL = np.array([[1000.0], [0.01]])
_SCALE = np.array([[200.0], [0.002]])


@dataclass(frozen=True)
class Settings(Options):
    """Two channels of very different level and scale, three classes, always the same numbers; it has no options."""


def generate(settings: Settings) -> Partitions:
    """60 training and 60 test cases, `[60, 2, 64]` each, labelled 0, 1, 2 in equal numbers, in raw units."""
    del settings
    generator = np.random.default_rng(20)
    return _make_partition(generator), _make_partition(generator)


def _make_partition(generator: np.random.Generator) -> Raw:
    labels = [label for _ in range(_CASES_PER_CLASS) for label in range(_N_CLASSES)]
    return Raw(np.stack([_make_series(label, generator) for label in labels]), labels)


def _make_series(label: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """`[2, 64]`: two, three or four periods; the second channel lags by a class-dependent phase and is squared off."""
    time = np.linspace(0.0, 2.0 * np.pi, _N_TIMEPOINTS, endpoint=False)
    phase = generator.normal(0.0, 0.3)
    angle = (label + 2) * time + phase
    shape = np.stack([np.sin(angle), np.tanh((1 + 2 * label) * np.sin(angle - label * np.pi / 3))])
    amplitude = generator.uniform(0.8, 1.2, size=(2, 1))
    noise = generator.normal(0.0, 0.05, size=shape.shape)
    series: NDArray[np.float64] = _LEVEL + _SCALE * (amplitude * shape + noise)
    return series

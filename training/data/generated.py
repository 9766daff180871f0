"""What generated datasets have in common: their options, balanced partitions, and irregular sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from training.data.raw import Partitions, Raw
from training.settings import Bounds, check_bounds

Draw = Callable[[int, int, np.random.Generator], NDArray[np.float64]]
"""Draws series of a class: class index, number of cases and generator to `[n_cases, n_channels, n_timepoints]`."""


@dataclass(frozen=True)
class Options:
    """Options of the generator that --dataset names; none where it names another dataset."""


NO_OPTIONS = Options()


@dataclass(frozen=True)
class GeneratorSettings(Options):
    """Options of every generator. Time is counted in timepoints: a period of 32 is 32 timepoints long."""

    seed: Annotated[int, Bounds(ge=0, lt=2**53)] = 0
    """Seed of the series: equal options and seed, equal series."""
    n_cases: Annotated[int, Bounds(ge=4)] = 60
    """Training cases, equally many of each class; there are as many test cases."""
    n_timepoints: Annotated[int, Bounds(ge=8)] = 128
    """Timepoints of a series before any are left out."""
    n_channels: Annotated[int, Bounds(ge=1)] = 1
    """Channels of a series; each is drawn by itself."""
    n_classes: Annotated[int, Bounds(ge=1, le=1000)] = 2
    """Classes, labelled 0, 1, …"""
    keep_share: Annotated[float, Bounds(gt=0, le=1)] = 1.0
    """Share of the timepoints that each case keeps, drawn anew for each: below 1, sampling is irregular."""

    def __post_init__(self) -> None:
        check_bounds(self, "generator.")


@dataclass(frozen=True)
class ContrastSettings(GeneratorSettings):
    """Options of a generator whose classes differ in one of its parameters."""

    contrast: Annotated[float, Bounds(gt=0)] = 1.5
    """What tells a class from the next: the factor between their parameters."""

    def scale(self, class_index: int) -> float:
        """The factor of a class: 1 for the first."""
        return float(self.contrast**class_index)


def make_partitions(settings: GeneratorSettings, draw: Draw) -> Partitions:
    """A training and a test partition, classes in turn, each class and partition from a stream of its own."""
    return _make_partition(settings, draw, 0), _make_partition(settings, draw, 1)


def _make_partition(settings: GeneratorSettings, draw: Draw, partition: int) -> Raw:
    labels = np.arange(settings.n_cases) % settings.n_classes
    series = np.empty((settings.n_cases, settings.n_channels, settings.n_timepoints))
    for class_index in range(settings.n_classes):
        own = np.flatnonzero(labels == class_index)
        random = np.random.default_rng([settings.seed, partition, class_index])
        series[own] = draw(class_index, len(own), random)
    if settings.keep_share == 1:
        return Raw(series, labels.tolist())
    return _leave_out(series, labels.tolist(), settings, np.random.default_rng([settings.seed, partition]))


def _leave_out(
    series: NDArray[np.float64], labels: list[int], settings: GeneratorSettings, random: np.random.Generator
) -> Raw:
    """The same cases with as many timepoints as are kept, at times of their own."""
    n_kept = max(1, round(settings.keep_share * settings.n_timepoints))
    kept = np.sort(random.permuted(np.tile(np.arange(settings.n_timepoints), (len(series), 1)), axis=1)[:, :n_kept])
    note = f"sampled irregularly: each series keeps {n_kept} of {settings.n_timepoints} timepoints"
    values = np.take_along_axis(series, kept[:, None, :], axis=2)
    return Raw(values, labels, times=list(kept.astype(np.float64)), notes=(note,))

"""What is hidden of whole cases to see how well it is filled, and the free ways to fill it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bundle.gaps import fill_gaps
from training.learning.cases import TrainingCases

Hide = Callable[[int, np.random.Generator], np.ndarray]

LEAST_HIDDEN, MOST_HIDDEN = 0.1, 0.3
"""Of a case by `hide_short_gaps`."""

LONGEST_SHORT = 1 / 15
"""Of a case's timepoints: the longest that one of the short gaps is before gaps meet."""


def hide_short_gaps(n_timepoints: int, random: np.random.Generator) -> np.ndarray:
    """Hide gaps at random places, of random lengths, until a random share of 10 to 30 % is hidden: `[n_timepoints]`."""
    hidden = np.zeros(n_timepoints, bool)
    share = random.uniform(LEAST_HIDDEN, MOST_HIDDEN)
    while hidden.mean() < share:
        length = int(random.integers(1, max(2, round(LONGEST_SHORT * n_timepoints)) + 1))
        start = int(random.integers(0, n_timepoints - length + 1))
        hidden[start : start + length] = True
    return hidden


def hide_a_third(n_timepoints: int, random: np.random.Generator) -> np.ndarray:
    """Hide one gap of a third of the timepoints that leaves both ends: `[n_timepoints]`."""
    length = n_timepoints // 3
    start = int(random.integers(1, n_timepoints - length))
    hidden = np.zeros(n_timepoints, bool)
    hidden[start : start + length] = True
    return hidden


def hide_the_end(n_timepoints: int, random: np.random.Generator) -> np.ndarray:
    """Hide the second half: `[n_timepoints]`."""
    del random
    return np.arange(n_timepoints) >= n_timepoints // 2


MASKS: dict[str, Hide] = {"gaps of 10–30 %": hide_short_gaps, "a third": hide_a_third, "second half": hide_the_end}


class Baselines:
    """Fills what is missing of a case from training cases alone; distances are standardised by channel."""

    def __init__(self, cases: TrainingCases) -> None:
        self._series = cases.series.astype(np.float64)
        self.scale: np.ndarray = np.maximum(self._series.std(axis=(0, 2)), 1e-12)[:, None]
        """The standard deviation of each channel, `[n_channels, 1]`."""
        classes = range(cases.n_classes)
        self._means = np.stack([self._series[cases.class_index == index].mean(axis=0) for index in classes])

    def fill(self, values: np.ndarray, true_class: int) -> dict[str, np.ndarray]:
        """Fill a case `[n_channels, n_timepoints]`, NaN where a value is missing, in each way, by its name.

        "linear" carries the last value on where nothing follows; "class mean" is told the class, "nearest mean" takes
        that of the class whose mean is nearest to what is observed, and "donor" the nearest training case.
        """
        missing = np.isnan(values)
        ways = {
            "linear": fill_gaps(values, missing),
            "class mean": self._means[true_class],
            "nearest mean": self._means[self._find_nearest(self._means, values)],
            "donor": self._series[self._find_nearest(self._series, values)],
        }
        return {name: np.where(missing, found, values) for name, found in ways.items()}

    def _find_nearest(self, candidates: np.ndarray, values: np.ndarray) -> int:
        squared = np.square((candidates - values) / self.scale)
        return int(np.nansum(squared, axis=(1, 2)).argmin())

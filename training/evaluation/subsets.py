"""Which training cases a level of a curve keeps: the same for every policy, drawn from the seed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Curve = Literal["low-data", "imbalance"]
Index = NDArray[np.intp]

SIZES: dict[Curve, tuple[int, ...]] = {"low-data": (2, 5, 10, 20), "imbalance": (2, 5, 10, 20)}
"""Cases per class; cases of any other class for one of the rare class."""

NAMED = ("ArrowHead", "Car", "ECG200", "GunPoint", "OSULeaf", "Plane", "ToeSegmentation1", "Wine")
"""The eight sets of the curves. All have 5 cases per class and allow 10 : 1; half of them, 20 per class or 20 : 1."""


@dataclass(frozen=True)
class Level:
    """A point of a curve."""

    curve: Curve
    size: int

    @property
    def name(self) -> str:
        """Its folder's name."""
        return f"{self.curve}-{self.size}"


def list_levels(curve: Curve | None, sizes: Sequence[int] = ()) -> tuple[Level | None, ...]:
    """The points of a curve, or those of `sizes`; without a curve, the training set as it is."""
    return tuple(Level(curve, size) for size in sizes or SIZES[curve]) if curve else (None,)


def qualifies(class_index: NDArray[np.integer], level: Level | None) -> bool:
    """Whether a training set has the cases that a level needs."""
    counts = np.bincount(class_index)
    if level is None:
        return True
    if level.curve == "low-data":
        return bool(counts.min() >= level.size)
    return bool(choose_rare_classes(counts, level.size))


def choose_rare_classes(counts: NDArray[np.integer], ratio: int) -> dict[int, int]:
    """The classes that can be made rare, and the cases each keeps.

    With n, the mean number of cases of the other classes, rounded, a class keeps max(1, round(n / ratio)). It must have
    as many, and n must be at least the ratio.
    """
    possible = {}
    for index, own in enumerate(counts):
        others = round(float(np.delete(counts, index).mean())) if len(counts) > 1 else 0
        kept = max(1, round(others / ratio))
        if others >= ratio and kept <= own:
            possible[index] = kept
    return possible


def choose_kept(class_index: NDArray[np.integer], level: Level | None, seed: int) -> Index:
    """The kept cases' indices, ascending; a seed's first cases of a class are the same at every level.

    Low data: `size` cases of each class. Imbalance: all cases of the other classes, and of one class, which rotates
    with the seed over those that can be made rare, as many as `choose_rare_classes` says. Raises ValueError where the
    level does not fit the dataset.
    """
    if level is None:
        return np.arange(len(class_index))
    if not qualifies(class_index, level):
        raise ValueError(f"a training set of {np.bincount(class_index).tolist()} cases per class has no {level.name}.")
    wanted = np.bincount(class_index)
    if level.curve == "low-data":
        wanted[:] = level.size
    else:
        possible = choose_rare_classes(wanted, level.size)
        rare = list(possible)[seed % len(possible)]
        wanted[rare] = possible[rare]
    order = np.random.default_rng(seed).permutation(len(class_index))
    chosen = [order[class_index[order] == index][:count] for index, count in enumerate(wanted)]
    return np.sort(np.concatenate(chosen))

"""Real cases of one class as a source of new ones: between two of them, or one of them warped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.warps import guided_warp, surely_warped, window_slice

Array = NDArray[np.float32]


@dataclass(frozen=True)
class GivenCases:
    """At least one case: series `[n_given, n_channels, n_timepoints]`, original units, and posterior means
    `[n_given, latent_dim]`, which only `between` needs."""

    series: Array
    latent: Array | None = None

    def between(self, count: int, random: np.random.Generator) -> Array:
        """Latent codes `[count, latent_dim]`, each evenly anywhere between those of two cases; of one case, its own.

        DeVries & Taylor, Dataset augmentation in feature space (2017), draw between neighbours; here any two may be.
        """
        assert self.latent is not None
        one, other = self._pairs(count, random)
        share = random.random((count, 1), dtype=np.float32)
        latent: Array = self.latent[one] + share * (self.latent[other] - self.latent[one])
        return latent

    def warped(self, count: int, random: np.random.Generator) -> Array:
        """Cases drawn at random and warped, `[count, n_channels, n_timepoints]`."""
        return surely_warped(self.series[random.integers(len(self.series), size=count)], random)

    def guided(self, count: int, random: np.random.Generator) -> Array:
        """Cases drawn at random, each moved in time towards another, then sliced; there must be two.

        Without the slice, which Iwana & Uchida (2021) add to their discriminative warp, a few cases make few series.
        """
        one, other = self._pairs(count, random)
        return window_slice(guided_warp(self.series[one], self.series[other]), random)

    def _pairs(self, count: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices `[count]` of two cases that differ, where there are two."""
        n_given = len(self.series)
        one = random.integers(n_given, size=count)
        further = random.integers(1, max(n_given, 2), size=count)
        return one, (one + further) % n_given


def given_by_class(series: Array, class_index: NDArray[np.int64], latent: Array | None) -> dict[int, GivenCases]:
    """The cases of each class index in `class_index` `[n]`."""
    chosen = {int(index): class_index == index for index in np.unique(class_index)}
    return {index: GivenCases(series[own], None if latent is None else latent[own]) for index, own in chosen.items()}

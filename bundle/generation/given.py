"""Real cases of one class as a source of new ones: one of them warped, or moved in the latent space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.warps import slice_window, warp_guided, warp_surely

Array = NDArray[np.float32]


LEAST, MOST = 0.2, 0.6
"""Of the way between two codes that a case is moved: less would copy it, more would leave it far behind."""


@dataclass(frozen=True)
class Moved:
    """Cases that are moved from one latent code to another: series `[n, n_channels, n_timepoints]` in original units,
    codes `start` and `end` `[n, latent_dim]`; `source` `[n]` says which of the given cases each is."""

    series: Array
    start: Array
    end: Array
    source: NDArray[np.int64]

    @staticmethod
    def join(parts: list[Moved]) -> Moved:
        """Join moved cases, in order."""
        if len(parts) == 1:
            return parts[0]
        joined = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("series", "start", "end", "source")
        )
        return Moved(*joined)

    def select(self, index: NDArray[np.intp]) -> Moved:
        """Select the moved cases at `index` `[n]`."""
        return Moved(self.series[index], self.start[index], self.end[index], self.source[index])

    def decode(self, decode: Callable[[Array], Array]) -> Array:
        """Each case with what changes, as `decode` has it, from start to end: it keeps what no code describes, its
        texture."""
        return self.series + (decode(self.end) - decode(self.start))


@dataclass(frozen=True)
class GivenCases:
    """At least one case: series `[n_given, n_channels, n_timepoints]`, original units, and posterior means
    `[n_given, latent_dim]`, which only `move_towards` and `move_between` need."""

    series: Array
    latent: Array | None = None

    def move_towards(self, target: Array, random: np.random.Generator) -> Moved:
        """Draw cases at random, and move each part of the way to a code of `target` `[n, latent_dim]`."""
        return self._move(random.integers(len(self.series), size=len(target)), target, random)

    def move_between(self, count: int, random: np.random.Generator) -> Moved:
        """Draw `count` cases at random, and move each part of the way to another's code; a lone case stays.

        DeVries & Taylor, Dataset augmentation in feature space (2017), draw between neighbours; here any two may be.
        """
        assert self.latent is not None
        one, other = self._draw_pairs(count, random)
        return self._move(one, self.latent[other], random)

    def warp(self, count: int, random: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Draw cases at random and warp them: `[count, n_channels, n_timepoints]`, and which cases they are."""
        source = random.integers(len(self.series), size=count)
        return warp_surely(self.series[source], random), source

    def warp_guided(self, count: int, random: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Draw cases at random, move each in time towards another, and slice it. Needs two cases at least.

        Returns the same as `warp`.

        Without the slice, which Iwana & Uchida (2021) add to their discriminative warp, a few cases make few series.
        """
        one, other = self._draw_pairs(count, random)
        return slice_window(warp_guided(self.series[one], self.series[other]), random), one

    def _move(self, index: NDArray[np.int64], target: Array, random: np.random.Generator) -> Moved:
        assert self.latent is not None
        start = self.latent[index]
        share = LEAST + (MOST - LEAST) * random.random((len(index), 1), dtype=np.float32)
        return Moved(self.series[index], start, start + share * (target - start), index)

    def _draw_pairs(self, count: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw indices `[count]` of two cases, different ones where there are two."""
        n_given = len(self.series)
        one = random.integers(n_given, size=count)
        further = random.integers(1, max(n_given, 2), size=count)
        return one, (one + further) % n_given


def group_by_class(series: Array, class_index: NDArray[np.int64], latent: Array | None) -> dict[int, GivenCases]:
    """Group the cases by the class indices in `class_index` `[n]`."""
    chosen = {int(index): class_index == index for index in np.unique(class_index)}
    return {index: GivenCases(series[own], None if latent is None else latent[own]) for index, own in chosen.items()}

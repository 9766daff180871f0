"""What to generate, and what came of it: a recipe names series so exactly that they replay bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import GivenCases
from bundle.generation.mixture import MixtureParameters
from bundle.generation.policy import PolicyName, choose_possible

BLOCK_ROWS = 16
"""Series are drawn in blocks of so many, each with noise of its own, so that any block can be made alone."""

MAX_PROPOSALS = 8
"""Proposals per series before the likeliest of them is taken, though another class explains it better."""

MAX_REDRAWS = 4
"""Further tries for decoded series that the classifier gives to another class, before the likeliest is taken."""

TEXTURE_STREAM = MAX_PROPOSALS
"""The stream of a block's texture noise, next to those of its proposals."""

CASES_STREAM, WARP_STREAM = MAX_PROPOSALS + 1, MAX_PROPOSALS + 2
"""The streams of which given cases a block starts from, and of the warps of what was decoded."""

REDRAW_STREAMS = 16
"""Each redraw has so many streams of its own: the same again, from a multiple of this on."""

MAX_SEED = 2**53 - 1


@dataclass(frozen=True)
class Samples:
    """Generated series of one class, with how they came about.

    series `[n, n_channels, n_timepoints]`, log_density `[n]` of what was drawn from their own class's mixture, NaN for
    what came from given cases; `n_proposals` were drawn for the `n` rows; for `n_fallbacks` of the rows none was
    accepted and the likeliest stands in.
    """

    series: NDArray[np.float32]
    log_density: NDArray[np.float32]
    n_proposals: int
    n_fallbacks: int

    @property
    def acceptance(self) -> float:
        """The share of proposals kept by the rejection rule, 0 … 1."""
        return (len(self.series) - self.n_fallbacks) / self.n_proposals if self.n_proposals else 1.0

    @staticmethod
    def join(parts: list[Samples]) -> Samples:
        """Join the samples of consecutive blocks."""
        return Samples(
            np.concatenate([part.series for part in parts]),
            np.concatenate([part.log_density for part in parts]),
            sum(part.n_proposals for part in parts),
            sum(part.n_fallbacks for part in parts),
        )


@dataclass(frozen=True)
class Recipe:
    """What to generate: `count` series of a class from `seed`, with `expansion` as the factor on the covariance.

    `given` are real cases of the class, None where there are none; a policy that needs more of them than there are is
    replaced, see `used`. `mixture` stands in for the model's own. With `convince` a series that the classifier gives to
    another class is drawn again.
    """

    class_index: int
    count: int
    seed: int
    expansion: float
    policy: PolicyName = "latent"
    given: GivenCases | None = None
    mixture: MixtureParameters | None = None
    convince: bool = True

    @property
    def used(self) -> PolicyName:
        """The policy that is followed."""
        return choose_possible(self.policy, 0 if self.given is None else len(self.given.series))

    def list_blocks(self) -> range:
        """Return the indices of the blocks that hold the series."""
        return range(-(-self.count // BLOCK_ROWS))

    def make_generator(self, block: int, stream: int) -> np.random.Generator:
        """Make the generator of one block's noise; `stream` is the number of a proposal, or one of the …_STREAMs.

        Philox 4x64 (Salmon et al., 2011), keyed by seed and class, its counter set to block and stream: any block can
        be made without those before it.
        """
        key = np.array([self.seed, self.class_index], dtype=np.uint64)
        counter = np.array([0, stream, block, 0], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))


@dataclass(frozen=True)
class Blocks:
    """Blocks of a recipe that are made together, `numbers` ascending; each has BLOCK_ROWS rows."""

    recipe: Recipe
    numbers: Sequence[int]

    @property
    def n_rows(self) -> int:
        """How many rows they have."""
        return BLOCK_ROWS * len(self.numbers)

    def make_generators(self, stream: int) -> list[np.random.Generator]:
        """Make the generator of each block's noise."""
        return [self.recipe.make_generator(number, stream) for number in self.numbers]

    def select_of(self, rows: NDArray[np.intp]) -> tuple[Blocks, NDArray[np.intp]]:
        """Select the blocks that hold any of `rows`; return them, and all of their rows as numbered here."""
        places = np.unique(rows // BLOCK_ROWS)
        whole = (places[:, None] * BLOCK_ROWS + np.arange(BLOCK_ROWS)).ravel()
        return Blocks(self.recipe, [self.numbers[place] for place in places]), whole

    def find_asked(self) -> NDArray[np.intp]:
        """Return the rows that are among the recipe's count."""
        index = np.asarray(self.numbers)[:, None] * BLOCK_ROWS + np.arange(BLOCK_ROWS)
        return np.flatnonzero(index.ravel() < self.recipe.count)

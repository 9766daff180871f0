"""What to generate, and what came of it: a recipe names series so exactly that they replay bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

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

CASES_STREAM, WARP_STREAM, LENGTHS_STREAM, CODES_STREAM = range(MAX_PROPOSALS + 1, MAX_PROPOSALS + 5)
"""The streams of which given cases a block starts from, of the warps of what was decoded, of lengths, and of the
texture of given codes."""

REDRAW_STREAMS = 16
"""Each redraw has so many streams of its own: the same again, from a multiple of this on."""

MAX_SEED = 2**53 - 1

Part = TypeVar("Part")


@dataclass(frozen=True)
class Samples:
    """Generated series of one class, with how they came about.

    series `[n, n_channels, n_timepoints]`, log_density `[n]` of what was drawn from their own class's mixture, NaN for
    what came from given cases; `n_proposals` were drawn for the `n` rows; for `n_fallbacks` of the rows none was
    accepted and the likeliest stands in. `source` `[n]`: which given case each came from, -1 where from none.
    """

    series: NDArray[np.float32]
    log_density: NDArray[np.float32]
    n_proposals: int
    n_fallbacks: int
    source: NDArray[np.int64]

    @property
    def acceptance(self) -> float:
        """The share of proposals kept by the rejection rule, 0 … 1."""
        return (len(self.series) - self.n_fallbacks) / self.n_proposals if self.n_proposals else 1.0

    @staticmethod
    def join(parts: list[Samples]) -> Samples:
        """Join the samples of consecutive blocks."""
        if len(parts) == 1:
            return parts[0]
        return Samples(
            np.concatenate([part.series for part in parts]),
            np.concatenate([part.log_density for part in parts]),
            sum(part.n_proposals for part in parts),
            sum(part.n_fallbacks for part in parts),
            np.concatenate([part.source for part in parts]),
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


class Noise:
    """The noise of a recipe: one generator, which is moved to the block and stream that is drawn from next.

    Philox 4x64 (Salmon et al., 2011), keyed by seed and class, its counter set to block and stream: any block can be
    made without those before it. To make a generator takes as long as to draw a block; to move one, next to nothing.
    """

    def __init__(self, recipe: Recipe) -> None:
        philox = np.random.Philox(key=np.array([recipe.seed, recipe.class_index], np.uint64))
        self._generator, self._start = np.random.Generator(philox), philox.state

    def move_to(self, block: int, stream: int) -> np.random.Generator:
        """Return the generator where a block's stream begins; it stays there until it is moved again.

        `stream` is the number of a proposal, or one of the …_STREAMs.
        """
        self._start["state"]["counter"] = np.array([0, stream, block, 0], np.uint64)
        self._generator.bit_generator.state = self._start
        return self._generator


@dataclass(frozen=True)
class Blocks:
    """Consecutive blocks of a recipe that are made together, or some of them; each has BLOCK_ROWS rows."""

    recipe: Recipe
    numbers: Sequence[int]
    noise: Noise

    @property
    def n_rows(self) -> int:
        """How many rows they have."""
        return BLOCK_ROWS * len(self.numbers)

    def draw(self, stream: int, draw: Callable[[np.random.Generator], Part]) -> list[Part]:
        """Call `draw` with the generator of each block's stream, which it may not keep, and return what it draws."""
        return [draw(self.noise.move_to(number, stream)) for number in self.numbers]

    def select_of(self, rows: NDArray[np.intp]) -> tuple[Blocks, NDArray[np.intp]]:
        """Select the blocks that hold any of `rows`, and number these rows as there."""
        if len(self.numbers) == 1:
            return self, rows
        places, place = np.unique(rows // BLOCK_ROWS, return_inverse=True)
        numbers = [self.numbers[place] for place in places]
        return Blocks(self.recipe, numbers, self.noise), place * BLOCK_ROWS + rows % BLOCK_ROWS

    def count_asked(self) -> int:
        """Count the rows that are among the recipe's count: the first ones."""
        return min(self.n_rows, self.recipe.count - BLOCK_ROWS * self.numbers[0])

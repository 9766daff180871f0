"""What to generate, and what came of it: a recipe names series so exactly that they replay bit for bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import GivenCases
from bundle.generation.policy import PolicyName, choose_possible

BLOCK_ROWS = 16
"""Every graph call of a seeded request has exactly this many rows, so that a row's bits depend on nothing else."""

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

Arrays = dict[str, NDArray[np.float32]]


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

    `mixture` overrides the bundle's parameters (see `MixtureParameters.graph_inputs`); empty: the bundle's own. `given`
    are real cases of the class, None where there are none; a policy that needs more of them than there are is replaced,
    see `used`.
    """

    class_index: int
    count: int
    seed: int
    expansion: float
    mixture: Arrays
    policy: PolicyName = "latent"
    given: GivenCases | None = None

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

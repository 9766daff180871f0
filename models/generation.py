"""Class-conditional series that replay bit for bit, by any policy: counter-based noise, blocks of fixed size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.given import GivenCases
from models.policy import PolicyName, possible, source
from models.warps import warped

if TYPE_CHECKING:
    from models.bundle import Bundle

BLOCK_ROWS = 64
"""Every graph call of a seeded request has exactly this many rows, so that a row's bits depend on nothing else."""

MAX_PROPOSALS = 8
"""Proposals per series before the likeliest of them is taken, though another class explains it better."""

TEXTURE_STREAM = MAX_PROPOSALS
"""The stream of a block's texture noise, next to those of its proposals."""

CASES_STREAM, WARP_STREAM = MAX_PROPOSALS + 1, MAX_PROPOSALS + 2
"""The streams of which given cases a block starts from, and of the warps of what was decoded."""

WARP_PROBABILITY = 0.5
"""With which a decoded series is time-warped, and sliced, by a policy that warps."""

MAX_SEED = 2**53 - 1

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Samples:
    """Generated series of one class, with how they came about.

    series `[n, n_channels, n_timepoints]`, log_density `[n]` of what was drawn from their own class's mixture, NaN for
    what came from given cases; `n_proposals` were drawn for the `n` rows; for `n_fallbacks` of the rows no proposal was
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
    def joined(parts: list[Samples]) -> Samples:
        """Several blocks as one."""
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
        return possible(self.policy, 0 if self.given is None else len(self.given.series))

    def blocks(self) -> range:
        """Indices of the blocks that hold the series."""
        return range(-(-self.count // BLOCK_ROWS))

    def random(self, block: int, stream: int) -> np.random.Generator:
        """The noise of one block; `stream` is the number of a proposal, or one of the …_STREAMs.

        Philox 4x64 (Salmon et al., 2011), keyed by seed and class, its counter set to block and stream: any block can
        be made without those before it.
        """
        key = np.array([self.seed, self.class_index], dtype=np.uint64)
        counter = np.array([0, stream, block, 0], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))


def generate_block(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Series `block * BLOCK_ROWS …` of a recipe. Raises `ValueError` for the policy "none"."""
    if recipe.policy == "none":
        raise ValueError("the policy 'none' makes no series; ask for another of models.policy.POLICIES.")
    made = SOURCES[source(recipe.used)](bundle, recipe, block)
    series = made.series
    if recipe.used.endswith("+warps"):
        series = warped(series, WARP_PROBABILITY, recipe.random(block, WARP_STREAM))
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    return Samples(series[:rows], made.log_density[:rows], made.n_proposals, made.n_fallbacks)


def _latent(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Propose, keep what no rival class explains better, decode."""
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    latent = np.zeros((BLOCK_ROWS, bundle.manifest.latent_dim), np.float32)
    own = np.zeros(BLOCK_ROWS, np.float32)
    best_margin = np.full(BLOCK_ROWS, -np.inf, np.float32)
    accepted = np.zeros(BLOCK_ROWS, bool)
    accepted[rows:] = True
    n_proposals = 0
    for attempt in range(MAX_PROPOSALS):
        n_proposals += int((~accepted).sum())
        proposal, log_density = bundle.propose(recipe, recipe.random(block, attempt))
        margin = _margin(log_density, recipe.class_index)
        better = ~accepted & (margin > best_margin)
        latent[better] = proposal[better]
        own[better] = log_density[better, recipe.class_index]
        best_margin[better] = margin[better]
        accepted |= margin >= 0
        if accepted.all():
            break
    return Samples(_decoded(bundle, recipe, block, latent), own, n_proposals, int((~accepted).sum()))


def _decoded(bundle: Bundle, recipe: Recipe, block: int, latent: NDArray[np.float32]) -> NDArray[np.float32]:
    return bundle.textured(bundle.decode(latent), recipe.class_index, recipe.random(block, TEXTURE_STREAM))


def _interpolation(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    latent = _cases(recipe).between(BLOCK_ROWS, recipe.random(block, CASES_STREAM))
    return _all_kept(_decoded(bundle, recipe, block, latent), recipe, block)


def _warps(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    return _all_kept(_cases(recipe).warped(BLOCK_ROWS, recipe.random(block, CASES_STREAM)), recipe, block)


def _guided(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    return _all_kept(_cases(recipe).guided(BLOCK_ROWS, recipe.random(block, CASES_STREAM)), recipe, block)


def _cases(recipe: Recipe) -> GivenCases:
    assert recipe.given is not None, "Recipe.used sees to it"
    return recipe.given


def _all_kept(series: NDArray[np.float32], recipe: Recipe, block: int) -> Samples:
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    return Samples(series, np.full(len(series), np.nan, np.float32), rows, 0)


SOURCES = {"latent": _latent, "interpolation": _interpolation, "warps": _warps, "guided": _guided}
"""Where the cases of a policy come from: a whole block each, of which the recipe's rows are taken."""


def _margin(log_density: NDArray[np.float32], class_index: int) -> NDArray[np.float32]:
    """Log density under the own class minus that under the likeliest rival, `[n]`; infinite without rivals."""
    rivals = np.delete(log_density, class_index, axis=1)
    highest = rivals.max(axis=1, initial=-np.inf)
    margin: NDArray[np.float32] = log_density[:, class_index] - highest
    return margin


def padded_blocks(rows: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """`rows` in blocks of exactly BLOCK_ROWS (the last repeats its first row), each with its count of true rows."""
    for start in range(0, len(rows), BLOCK_ROWS):
        piece = rows[start : start + BLOCK_ROWS]
        padding = np.repeat(piece[:1], BLOCK_ROWS - len(piece), axis=0)
        yield np.concatenate([piece, padding]), len(piece)

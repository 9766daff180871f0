"""Where the series of a policy come from: a whole block each, of which a recipe's rows are taken.

What is decoded has to convince twice: its latent code must be likeliest under its own class, and the classifier, where
there is one, must give the series to its class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given import GivenCases, Moved
from bundle.generation.recipe import (
    BLOCK_ROWS,
    CASES_STREAM,
    MAX_PROPOSALS,
    MAX_REDRAWS,
    REDRAW_STREAMS,
    TEXTURE_STREAM,
    Recipe,
    Samples,
)

if TYPE_CHECKING:
    from bundle.engine.bundle import Bundle

REDRAWN_ROWS = 4
"""Rows that are drawn again are decoded in calls of a multiple of this, whatever the recipe's count."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Drawn:
    """A block of what is to be decoded: latent codes, or given cases that are `moved`; log density, whether no rival
    class explains them better, and proposals made."""

    latent: Array
    log_density: Array
    accepted: NDArray[np.bool_]
    n_proposals: NDArray[np.int64]
    moved: Moved | None = None


def generate_latent(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Generate a block from the class mixture, or by a `generate` graph; given cases that have codes are moved towards
    codes of the mixture."""

    def draw(redraw: int) -> Drawn:
        if bundle.has("generate"):
            return _draw_noise()
        proposed = _propose(bundle, recipe, block, redraw)
        if recipe.given is None or recipe.given.latent is None:
            return proposed
        moved = recipe.given.move_towards(proposed.latent, _make_case_generator(recipe, block, redraw))
        return replace(proposed, moved=moved, log_density=np.full(BLOCK_ROWS, np.nan, np.float32))

    return _convince(bundle, recipe, block, draw)


def generate_interpolation(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Generate a block of given cases, each moved towards another."""

    def draw(redraw: int) -> Drawn:
        moved = _get_cases(recipe).move_between(BLOCK_ROWS, _make_case_generator(recipe, block, redraw))
        unknown = np.full(BLOCK_ROWS, np.nan, np.float32)
        return Drawn(moved.end, unknown, np.ones(BLOCK_ROWS, bool), np.ones(BLOCK_ROWS, np.int64), moved)

    return _convince(bundle, recipe, block, draw)


def generate_warps(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Generate a block of given cases, warped."""
    del bundle
    return _keep_all(_get_cases(recipe).warp(BLOCK_ROWS, recipe.make_generator(block, CASES_STREAM)), recipe, block)


def generate_guided(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Generate a block of given cases, moved in time towards others."""
    del bundle
    return _keep_all(
        _get_cases(recipe).warp_guided(BLOCK_ROWS, recipe.make_generator(block, CASES_STREAM)), recipe, block
    )


SOURCES = {
    "latent": generate_latent,
    "interpolation": generate_interpolation,
    "warps": generate_warps,
    "guided": generate_guided,
}


def _draw_noise() -> Drawn:
    """What `_decode` takes for noise: it has no code, and no rival class to explain it better."""
    codes, unknown = np.empty((BLOCK_ROWS, 0), np.float32), np.full(BLOCK_ROWS, np.nan, np.float32)
    return Drawn(codes, unknown, np.ones(BLOCK_ROWS, bool), np.ones(BLOCK_ROWS, np.int64))


def _propose(bundle: Bundle, recipe: Recipe, block: int, redraw: int) -> Drawn:
    """Propose codes that no rival class explains better; after MAX_PROPOSALS take the likeliest."""
    latent = np.zeros((BLOCK_ROWS, bundle.latent_dim), np.float32)
    own = np.zeros(BLOCK_ROWS, np.float32)
    best_margin = np.full(BLOCK_ROWS, -np.inf, np.float32)
    accepted = np.zeros(BLOCK_ROWS, bool)
    n_proposals = np.zeros(BLOCK_ROWS, np.int64)
    for attempt in range(MAX_PROPOSALS):
        n_proposals += ~accepted
        proposal, log_density = bundle.propose(recipe, recipe.make_generator(block, redraw * REDRAW_STREAMS + attempt))
        margin = _compute_margin(log_density, recipe.class_index)
        better = ~accepted & (margin > best_margin)
        latent[better] = proposal[better]
        own[better] = log_density[better, recipe.class_index]
        best_margin[better] = margin[better]
        accepted |= margin >= 0
        if accepted.all():
            break
    return Drawn(latent, own, accepted, n_proposals)


def _convince(bundle: Bundle, recipe: Recipe, block: int, draw: Callable[[int], Drawn]) -> Samples:
    """Draw until the classifier gives each series to the recipe's class; after MAX_REDRAWS take the likeliest.

    The whole block is looked at, whatever the recipe's count: fewer series are the start of more.
    """
    first = draw(0)
    series = _decode(bundle, recipe, block, 0, first, np.arange(BLOCK_ROWS))
    own, accepted, n_proposals = first.log_density, first.accepted, first.n_proposals
    if bundle.can("classify"):
        best, convincing = _judge(bundle, recipe, series)
        for redraw in range(1, MAX_REDRAWS + 1):
            pending = np.flatnonzero(~convincing)
            if not len(pending):
                break
            again = draw(redraw)
            made = _decode(bundle, recipe, block, redraw, again, _pad(pending))[: len(pending)]
            probability, of_class = _judge(bundle, recipe, made)
            better = probability > best[pending]
            chosen = pending[better]
            series[chosen], best[chosen], own[chosen] = made[better], probability[better], again.log_density[chosen]
            convincing[pending] |= of_class
            n_proposals[pending] += again.n_proposals[pending]
        accepted = accepted & convincing
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    return Samples(series, own, int(n_proposals[:rows].sum()), int((~accepted[:rows]).sum()))


def _pad(index: NDArray[np.intp]) -> NDArray[np.intp]:
    """Fill up `index` with its first element to a multiple of REDRAWN_ROWS."""
    return np.concatenate([index, np.repeat(index[:1], -len(index) % REDRAWN_ROWS)])


def _judge(bundle: Bundle, recipe: Recipe, series: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the probability of the recipe's class `[n]`, and whether it is the likeliest `[n]`."""
    probability = bundle.classify(series)
    return probability[:, recipe.class_index], probability.argmax(axis=1) == recipe.class_index


def _decode(bundle: Bundle, recipe: Recipe, block: int, redraw: int, drawn: Drawn, rows: NDArray[np.intp]) -> Array:
    """Decode the series of some rows: a moved case keeps its own texture, a latent code is given one."""
    if drawn.moved is not None:
        return drawn.moved.select(rows).decode(bundle.decode)
    if bundle.has("generate"):
        return bundle.generate(recipe.class_index, rows, recipe.make_generator(block, redraw * REDRAW_STREAMS))
    random = recipe.make_generator(block, redraw * REDRAW_STREAMS + TEXTURE_STREAM)
    return bundle.add_texture(bundle.decode(drawn.latent[rows]), recipe.class_index, random)


def _make_case_generator(recipe: Recipe, block: int, redraw: int) -> np.random.Generator:
    return recipe.make_generator(block, redraw * REDRAW_STREAMS + CASES_STREAM)


def _get_cases(recipe: Recipe) -> GivenCases:
    assert recipe.given is not None, "Recipe.used sees to it"
    return recipe.given


def _keep_all(series: Array, recipe: Recipe, block: int) -> Samples:
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    return Samples(series, np.full(len(series), np.nan, np.float32), rows, 0)


def _compute_margin(log_density: Array, class_index: int) -> Array:
    """Log density under the own class minus that under the likeliest rival, `[n]`; infinite without rivals."""
    rivals = np.delete(log_density, class_index, axis=1)
    highest = rivals.max(axis=1, initial=-np.inf)
    margin: Array = log_density[:, class_index] - highest
    return margin

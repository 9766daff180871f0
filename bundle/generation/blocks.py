"""Class-conditional series by any policy, in blocks of fixed size: a block depends on its recipe and number alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bundle.generation.model import Model
from bundle.generation.policy import find_source
from bundle.generation.recipe import BLOCK_ROWS, WARP_STREAM, Blocks, Noise, Recipe, Samples
from bundle.generation.sources import SOURCES
from bundle.generation.warps import warp

WARP_PROBABILITY = 0.5
"""With which a decoded series is time-warped, and sliced, by a policy that warps."""


def generate_blocks(model: Model, recipe: Recipe, numbers: range) -> Samples:
    """Generate the blocks `numbers` of a recipe's series, at least one. Raises `ValueError` for the policy "none".

    As many blocks share a call, and as many calls run side by side, as the model allows; what each block holds does not
    depend on that.
    """
    if recipe.policy == "none":
        raise ValueError("the policy 'none' makes no series; ask for another of bundle.generation.policy.POLICIES.")
    return Samples.join(model.make_side_by_side(partial(_generate_in_turn, model, recipe), numbers))


def _generate_in_turn(model: Model, recipe: Recipe, numbers: range) -> Samples:
    step, noise = model.blocks_at_once, Noise(recipe)
    pieces = [Blocks(recipe, numbers[start : start + step], noise) for start in range(0, len(numbers), step)]
    return Samples.join([_generate(model, blocks) for blocks in pieces])


def _generate(model: Model, blocks: Blocks) -> Samples:
    recipe = blocks.recipe
    made = SOURCES[find_source(recipe.used)](model, blocks)
    series = made.series
    if recipe.used.endswith("+warps"):
        by_block = iter(series.reshape(-1, BLOCK_ROWS, *series.shape[1:]))
        series = np.concatenate(blocks.draw(WARP_STREAM, lambda random: warp(next(by_block), WARP_PROBABILITY, random)))
    rows = blocks.count_asked()
    n_fallbacks = int((~made.accepted[:rows]).sum())
    n_proposals = int(made.n_proposals[:rows].sum())
    return Samples(series[:rows], made.log_density[:rows], n_proposals, n_fallbacks, made.source[:rows])


def cut_into_blocks(rows: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Cut `rows` into blocks of BLOCK_ROWS, the last filled up with its first row; yield each with its true count."""
    for start in range(0, len(rows), BLOCK_ROWS):
        piece = rows[start : start + BLOCK_ROWS]
        padding = np.repeat(piece[:1], BLOCK_ROWS - len(piece), axis=0)
        yield np.concatenate([piece, padding]), len(piece)

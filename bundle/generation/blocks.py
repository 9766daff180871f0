"""Class-conditional series by any policy, in blocks of fixed size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bundle.generation.policy import find_source
from bundle.generation.recipe import BLOCK_ROWS, WARP_STREAM, Recipe, Samples
from bundle.generation.sources import SOURCES
from bundle.generation.warps import warp

if TYPE_CHECKING:
    from bundle.engine.bundle import Bundle

WARP_PROBABILITY = 0.5
"""With which a decoded series is time-warped, and sliced, by a policy that warps."""


def generate_block(bundle: Bundle, recipe: Recipe, block: int) -> Samples:
    """Generate a recipe's series from number `block * BLOCK_ROWS` on. Raises `ValueError` for the policy "none"."""
    if recipe.policy == "none":
        raise ValueError("the policy 'none' makes no series; ask for another of bundle.generation.policy.POLICIES.")
    made = SOURCES[find_source(recipe.used)](bundle, recipe, block)
    series = made.series
    if recipe.used.endswith("+warps"):
        series = warp(series, WARP_PROBABILITY, recipe.make_generator(block, WARP_STREAM))
    rows = min(BLOCK_ROWS, recipe.count - block * BLOCK_ROWS)
    return Samples(series[:rows], made.log_density[:rows], made.n_proposals, made.n_fallbacks)


def cut_into_blocks(rows: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Cut `rows` into blocks of BLOCK_ROWS, the last filled up with its first row; yield each with its true count."""
    for start in range(0, len(rows), BLOCK_ROWS):
        piece = rows[start : start + BLOCK_ROWS]
        padding = np.repeat(piece[:1], BLOCK_ROWS - len(piece), axis=0)
        yield np.concatenate([piece, padding]), len(piece)

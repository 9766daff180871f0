"""How many timepoints a made series has, where lengths vary: those of the case that it came from, or drawn ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.generation.recipe import BLOCK_ROWS, LENGTHS_STREAM, Noise, Recipe

Lengths = NDArray[np.int64]


def draw_lengths(recipe: Recipe, known: Lengths, blocks: range | None = None) -> Lengths:
    """Draw a length of `known` for each series of a recipe, `[count]`, or for those of some consecutive `blocks` of it;
    equal recipes give equal lengths, and more series start with those of fewer."""
    noise, numbers = Noise(recipe), recipe.list_blocks() if blocks is None else blocks
    index = [noise.move_to(block, LENGTHS_STREAM).integers(len(known), size=BLOCK_ROWS) for block in numbers]
    asked = recipe.count - BLOCK_ROWS * (numbers.start if numbers else 0)
    drawn: Lengths = known[np.concatenate([np.empty(0, np.int64), *index])[:asked]]
    return drawn


def choose_lengths(source: NDArray[np.int64], given: Lengths, drawn: Lengths) -> Lengths:
    """Choose the length of the given case that each series came from; where `source` is -1, the one `drawn` for it."""
    if not len(given):
        return drawn
    return np.where(source >= 0, given[source], drawn)

"""Series of given latent codes, with the texture of real ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.generation.blocks import cut_into_blocks
from bundle.generation.model import Model
from bundle.generation.recipe import BLOCK_ROWS, CODES_STREAM, Noise, Recipe

Array = NDArray[np.float32]


def decode_with_texture(model: Model, recipe: Recipe, latent: Array, numbers: range) -> Array:
    """Decode the blocks `numbers` of codes `latent` `[count, latent_dim]` of a recipe's class, each with a texture.

    Returns series `[n, n_channels, n_timepoints]` in original units. A block depends on seed, class, number and codes
    alone, so that fewer codes give the start of more, bit for bit.
    """
    noise, made = Noise(recipe), []
    chosen = latent[numbers.start * BLOCK_ROWS : numbers.stop * BLOCK_ROWS]
    for number, (block, rows) in zip(numbers, cut_into_blocks(chosen), strict=True):
        drawn = noise.move_to(number, CODES_STREAM).standard_normal((BLOCK_ROWS, *model.texture_shape), np.float32)
        made.append(model.add_texture(model.decode(block), recipe.class_index, drawn)[:rows])
    return np.concatenate(made)

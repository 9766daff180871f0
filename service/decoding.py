"""Latent codes become series on the lane: batched with those of others, or, with a texture, in blocks of their own."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from bundle.generation.given_codes import decode_with_texture
from bundle.generation.recipe import Recipe
from service import metrics
from service.generating import TURN_BLOCKS
from service.lane import Array
from service.served import Served


async def decode_textured(served: Served, latent: Array, class_index: NDArray[np.int64], seed: int) -> Array:
    """Decode codes `[n, latent_dim]` of classes `[n]` with a texture: `[n, n_channels, n_timepoints]`.

    Equal seeds, codes and classes give equal bits, whatever else the server does.
    """
    shape = served.bundle.manifest.series
    series = np.empty((len(latent), shape.n_channels, shape.n_timepoints), np.float32)
    for index in np.unique(class_index).tolist():
        own = class_index == index
        series[own] = await _decode_class(served, latent[own], Recipe(index, int(own.sum()), seed, 1.0))
    return series


async def _decode_class(served: Served, latent: Array, recipe: Recipe) -> Array:
    labels, blocks, made = ("decode", served.bundle.manifest.name), recipe.list_blocks(), []

    def take_turn(some: range, since: float) -> Array:
        metrics.queue_seconds.add(labels, 1, perf_counter() - since)
        with metrics.inference_seconds.measure_seconds(*labels):
            return decode_with_texture(served.bundle, recipe, latent, some)

    for start in blocks[::TURN_BLOCKS]:
        some = blocks[start : start + TURN_BLOCKS]
        made.append(await served.lane.run(take_turn, some, perf_counter(), patient=True))
    return np.concatenate(made)

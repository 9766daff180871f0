"""Seeded generation on the lane: blocks of fixed size, a few per turn, so that others get in between."""

from __future__ import annotations

import numpy as np

from models.generation import BLOCK_ROWS, Recipe, Samples, generate_block, padded_blocks
from models.mixture import MixtureParameters
from service import metrics
from service.batcher import Array
from service.serving import Served


async def generated(served: Served, recipe: Recipe) -> Samples:
    """The series of a recipe; the same bits whatever else the server does."""
    manifest = served.bundle.manifest
    if recipe.count == 0:
        shape = manifest.series
        return Samples(np.empty((0, shape.n_channels, shape.n_timepoints), np.float32), np.empty(0, np.float32), 0, 0)
    seconds = metrics.inference_seconds.labels("generate", manifest.name)
    blocks = recipe.blocks()
    turn = max(1, served.max_rows // BLOCK_ROWS)

    def run(some: range) -> list[Samples]:
        with seconds.time():
            return [generate_block(served.bundle, recipe, block) for block in some]

    parts = [part for start in blocks[::turn] for part in await served.lane.run(run, blocks[start : start + turn])]
    samples = Samples.joined(parts)
    label = str(manifest.labels[recipe.class_index])
    metrics.samples.labels(manifest.name, label).inc(recipe.count)
    metrics.acceptance.labels(manifest.name, label).observe(samples.acceptance)
    return samples


async def adapted_mixture(served: Served, series: Array, class_index: np.ndarray) -> MixtureParameters:
    """The model's mixture shrunk towards `series` of classes `class_index`, encoded in blocks of their own."""

    def encode(block: Array) -> Array:
        return served.bundle.encode(block)[0]

    means = [(await served.lane.run(encode, block))[:rows] for block, rows in padded_blocks(series)]
    return await served.lane.run(served.bundle.mixture.adapted, np.concatenate(means).astype(np.float64), class_index)

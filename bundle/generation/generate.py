"""New series of a bundle without a decoder: its `generate` graph maps a class and noise to series at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bundle.engine.sessions import Arrays, Session
from bundle.errors import BundleError
from bundle.generation.recipe import BLOCK_ROWS
from bundle.generation.texture import MOST_NOISE
from bundle.manifest import Manifest, Tensor

Array = NDArray[np.float32]


def list_noise(manifest: Manifest) -> list[Tensor]:
    """List the inputs of the `generate` graph that take noise: all but `class_index`; none where there is no graph."""
    graph = manifest.graphs.get("generate")
    return [] if graph is None else [tensor for tensor in graph.inputs if tensor.name != "class_index"]


def check_noise(manifest: Manifest) -> None:
    """Raise `BundleError` where the `generate` graph takes too much noise, or of a size that is not said."""
    widths = [tensor.shape[1:] for tensor in list_noise(manifest)]
    file = manifest.graphs["generate"].file if widths else ""
    if not all(isinstance(size, int) for width in widths for size in width):
        raise BundleError(f"{file} takes noise {widths}; every axis but the batch must have a size.")
    if sum(math.prod(map(int, width)) for width in widths) > MOST_NOISE:
        raise BundleError(f"{file} takes noise {widths}; it may take {MOST_NOISE} values for a series.")


def generate_series(
    session: Session, manifest: Manifest, class_index: int, rows: NDArray[np.intp], random: np.random.Generator
) -> Array:
    """Generate the series `[n, n_channels, n_timepoints]` at `rows` `[n]` of a block of one class.

    Each input of noise is standard normal, drawn for the whole block in the manifest's order, so that a row's noise
    does not depend on which rows are asked for.
    """
    feeds: Arrays = {"class_index": np.full(len(rows), class_index, np.int64)}
    for tensor in list_noise(manifest):
        width = map(int, tensor.shape[1:])
        feeds[tensor.name] = random.standard_normal((BLOCK_ROWS, *width), dtype=np.float32)[rows]
    return session(feeds, ["series"])[0]

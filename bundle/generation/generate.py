"""The noise that a `generate` graph makes series of, in one call with their class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bundle.errors import BundleError
from bundle.generation.texture import MOST_NOISE, Graph
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
        raise BundleError(f"{file} takes noise {widths!s:.200}; every axis but the batch must have a size.")
    if sum(math.prod(map(int, width)) for width in widths) > MOST_NOISE:
        raise BundleError(f"{file} takes noise {widths!s:.200}; it may take {MOST_NOISE} values for a series.")


def read_noise_shapes(manifest: Manifest) -> dict[str, tuple[int, ...]]:
    """Return the shape of each input of noise of the `generate` graph for one series, in the manifest's order."""
    return {tensor.name: tuple(map(int, tensor.shape[1:])) for tensor in list_noise(manifest)}


def generate_series(graph: Graph, class_index: int, noise: Mapping[str, Array]) -> Array:
    """Generate series `[n, n_channels, n_timepoints]` of one class of `noise` `[n, …]` by name, of one n."""
    n_rows = len(next(iter(noise.values())))
    return graph({"class_index": np.full(n_rows, class_index, np.int64), **noise}, ["series"])[0]


def draw_noise(shapes: Mapping[str, tuple[int, ...]], seed: Sequence[int]) -> dict[str, Array]:
    """Draw standard normal noise of one series, `[1, *shape]` by name."""
    random = np.random.default_rng(seed)
    return {name: random.standard_normal((1, *shape), dtype=np.float32) for name, shape in shapes.items()}

"""The texture of real series on decoded ones: the `texture` graph run once, or step by step where it is an ODE."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bundle.errors import BundleError
from bundle.manifest import Manifest
from bundle.shape import MOST_VALUES

Array = NDArray[np.float32]
Graph = Callable[[dict[str, np.ndarray], list[str]], list[np.ndarray]]
"""Runs a graph on named arrays, and returns the outputs named."""

MOST_NOISE = 4 * MOST_VALUES

ONE_PASS = ["series", "class_index", "residual_noise"], ["textured_series"]
STEP = ["series", "class_index", "state", "time", "duration"], ["next_state", "textured_series"]


def check_texture(manifest: Manifest) -> None:
    """Raise `BundleError` where the `texture` graph is not of the kind that `texture_steps` says."""
    graph, steps = manifest.graphs.get("texture"), manifest.texture_steps
    if graph is None and steps is not None:
        raise BundleError(f"texture_steps is {steps}, but the manifest lists no graph texture.")
    expected = ONE_PASS if steps is None else STEP
    if graph is not None:
        inputs, outputs = ([tensor.name for tensor in tensors] for tensors in (graph.inputs, graph.outputs))
        if (inputs, outputs) != expected:
            raise BundleError(
                f"{graph.file} takes {inputs} and gives {outputs}; with texture_steps {steps} it must take "
                f"{expected[0]} and give {expected[1]}."
            )
        width = graph.inputs[2].shape[1:]
        if not all(isinstance(size, int) for size in width) or math.prod(map(int, width)) > MOST_NOISE:
            raise BundleError(f"{graph.file} takes noise {width}; it may take {MOST_NOISE} values for a series.")


def read_noise_shape(manifest: Manifest) -> tuple[int, ...]:
    """Return the shape of the noise that the `texture` graph takes for one series."""
    return tuple(map(int, manifest.graphs["texture"].inputs[2].shape[1:]))


def add_texture(graph: Graph, steps: int | None, series: Array, class_index: int, noise: Array) -> Array:
    """Decoded `series` `[n, n_channels, n_timepoints]` of one class with texture made of standard normal `noise`.

    With `steps` the state starts as the noise and follows the graph from time 0 to 1 in as many equal steps (Euler's
    method on a rectified flow; Liu, Gong & Liu, 2023).
    """
    classes = np.full(len(series), class_index, np.int64)
    if steps is None:
        return graph({"series": series, "class_index": classes, "residual_noise": noise}, ["textured_series"])[0]
    duration = np.asarray(1 / steps, np.float32)
    feeds: dict[str, np.ndarray] = {"series": series, "class_index": classes, "duration": duration}
    state = noise
    for step in range(steps):
        output = "next_state" if step < steps - 1 else "textured_series"
        state = graph(feeds | {"state": state, "time": np.asarray(step / steps, np.float32)}, [output])[0]
    return state

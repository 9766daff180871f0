"""The texture of real series on decoded ones: the `texture` graph run once, or step by step where it is an ODE."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bundle.engine.sessions import Arrays, Session
from bundle.errors import BundleError
from bundle.manifest import Manifest
from bundle.shape import MOST_VALUES

Array = NDArray[np.float32]

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


def add_texture(
    session: Session, manifest: Manifest, series: Array, class_index: int, random: np.random.Generator
) -> Array:
    """Decoded `series` `[n, n_channels, n_timepoints]` of one class with texture made of noise from `random`.

    With `texture_steps` the state starts as standard normal noise and follows the graph from time 0 to 1 in equal
    steps (Euler's method on a rectified flow; Liu, Gong & Liu, 2023).
    """
    classes = np.full(len(series), class_index, np.int64)
    width = manifest.graphs["texture"].inputs[2].shape[1:]
    noise = random.standard_normal((len(series), *map(int, width)), dtype=np.float32)
    steps = manifest.texture_steps
    if steps is None:
        return session({"series": series, "class_index": classes, "residual_noise": noise}, ["textured_series"])[0]
    feeds: Arrays = {"series": series, "class_index": classes, "duration": np.asarray(1 / steps, np.float32)}
    state = noise
    for step in range(steps):
        output = "next_state" if step < steps - 1 else "textured_series"
        state = session(feeds | {"state": state, "time": np.asarray(step / steps, np.float32)}, [output])[0]
    return state

"""The probe: stored inputs and outputs of every graph, replayed when a bundle is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bundle.errors import BundleError

if TYPE_CHECKING:
    from bundle.engine.sessions import Session
    from bundle.manifest import Manifest


def compute_relative_difference(actual: np.ndarray, expected: np.ndarray) -> float:
    """Compute the largest absolute difference over the largest value expected; infinite for other shapes or NaN."""
    if actual.shape != expected.shape or expected.dtype.kind not in "fiu" or not np.isfinite(actual).all():
        return float("inf")
    if expected.size == 0:
        return 0.0
    if not np.isfinite(expected).all():
        return float("inf")
    scale = max(float(np.abs(expected).max()), 1e-12)
    return float(np.abs(actual.astype(np.float64) - expected).max()) / scale


def name_array(graph: str, direction: str, tensor: str) -> str:
    """Return the name of an array in probe.npz; `direction` is "in" or "out"."""
    return f"{graph}.{direction}.{tensor}"


def replay(manifest: Manifest, sessions: dict[str, Session], probe: dict[str, np.ndarray]) -> None:
    """Run every graph on its stored inputs. Raises `BundleError` when an output is further off than its tolerance."""
    for name, graph in manifest.graphs.items():
        session = sessions[name]
        try:
            feeds = {tensor.name: probe[name_array(name, "in", tensor.name)] for tensor in graph.inputs}
            expected = [probe[name_array(name, "out", tensor.name)] for tensor in graph.outputs]
        except KeyError as error:
            raise BundleError(f"{manifest.probe.file} lacks the array {error}.") from error
        if not all(array.size for array in expected):
            raise BundleError(f"{manifest.probe.file} holds nothing to compare the answers of {graph.file} with.")
        try:
            answers = session(feeds)
        except Exception as error:  # onnxruntime raises its own types, of no common base
            raise BundleError(
                f"{graph.file} does not run on what {manifest.probe.file} holds: {str(error)[:400]}"
            ) from error
        for tensor, actual, wanted in zip(graph.outputs, answers, expected, strict=True):
            difference = compute_relative_difference(actual, wanted)
            if difference > graph.tolerance:
                raise BundleError(
                    f"{graph.file} gives another {tensor.name} than when it was published: relative difference "
                    f"{difference:.1e}, allowed {graph.tolerance:.0e} (on {session.provider})."
                )

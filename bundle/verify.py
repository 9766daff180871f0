"""Checks that a bundle's files are what its manifest says, and refuses it with the reason where they are not."""

from __future__ import annotations

import hashlib

import numpy as np

from bundle.archives import read_arrays
from bundle.engine.sessions import Described, Session
from bundle.errors import BundleError
from bundle.expected import list_expected_signatures
from bundle.generation.mixture import MixtureParameters
from bundle.generation.neighbours import TrainingCodes
from bundle.manifest import Manifest
from bundle.reading import Folder

TYPES = {"float32": "tensor(float)", "int64": "tensor(int64)"}
"""onnxruntime's words for what a manifest may say."""


def read_verified(folder: Folder, manifest: Manifest) -> dict[str, bytes]:
    """Read every file that the manifest lists, and check its hash. Raises `BundleError`."""
    contents: dict[str, bytes] = {}
    for card in manifest.cards:
        if card.file not in contents:
            contents[card.file] = folder.read(card.file)
        if hashlib.sha256(contents[card.file]).hexdigest() != card.sha256:
            raise BundleError(
                f"{card.file} is not the file that was published: its SHA-256 differs from the manifest's."
            )
    return contents


def read_mixture(file: str, content: bytes, n_classes: int, latent_dim: int) -> MixtureParameters:
    """Read the latent mixture from mixture.npz. Raises `BundleError` where it does not fit."""
    arrays = read_arrays(file, content)
    try:
        weights, means, covariances = (arrays[name].astype(np.float64) for name in ("weights", "means", "covariances"))
    except KeyError as error:
        raise BundleError(f"{file} lacks the array {error}.") from error
    except ValueError as error:
        raise BundleError(f"{file} holds what are no numbers: {error}") from error
    if 0 in weights.shape:
        raise BundleError(f"{file} holds no component.")
    shape = (n_classes, weights.shape[-1] if weights.ndim else 0, latent_dim)
    if weights.shape != shape[:2] or means.shape != shape or covariances.shape != (*shape, latent_dim):
        raise BundleError(f"{file} does not fit {n_classes} classes in {shape[2]} dimensions.")
    try:
        factors = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError as error:
        raise BundleError(f"{file} holds a covariance that is not positive definite.") from error
    finite = all(np.isfinite(array).all() for array in (weights, means, factors))
    if not finite or weights.min() < 0 or not np.allclose(weights.sum(axis=1), 1):
        raise BundleError(f"{file} holds no mixture: weights must sum to 1 per class.")
    return MixtureParameters(weights, means, covariances)


def read_codes(file: str, content: bytes, n_cases: int, latent_dim: int) -> TrainingCodes:
    """Read the training cases' codes from codes.npz. Raises `BundleError` where they do not fit."""
    arrays = read_arrays(file, content)
    latent, index = arrays.get("latent"), arrays.get("index")
    if latent is None or index is None or len(arrays) > 2:
        raise BundleError(f"{file} holds {_shorten(sorted(arrays))}; it must hold latent and index.")
    if latent.shape != (n_cases, latent_dim) or latent.dtype != np.float32 or not np.isfinite(latent).all():
        raise BundleError(f"{file} holds no {n_cases} codes of {latent_dim} finite float32 numbers.")
    if index.shape != (n_cases,) or index.dtype != np.int64 or index.min() < 0 or len(np.unique(index)) < n_cases:
        raise BundleError(f"{file} holds no {n_cases} different indices of int64.")
    return TrainingCodes(latent, index)


def check_signatures(manifest: Manifest, sessions: dict[str, Session]) -> None:
    """Raise `BundleError` where a graph takes or gives other tensors than the manifest says, or than it must."""
    expected = list_expected_signatures(manifest)
    for name, graph in manifest.graphs.items():
        session = sessions[name]
        said = ([tensor.name for tensor in graph.inputs], [tensor.name for tensor in graph.outputs])
        if said != (session.inputs, session.outputs):
            raise BundleError(
                f"{graph.file} takes {_shorten(session.inputs)} and gives {_shorten(session.outputs)}; "
                f"the manifest says {_shorten(said[0])} and {_shorten(said[1])}."
            )
        for kind in ("inputs", "outputs", "overridable"):
            cards = {tensor.name: (tensor.dtype, tuple(tensor.shape)) for tensor in getattr(graph, kind)}
            actual = getattr(session.signature, kind)
            _compare(graph.file, cards, actual, "the manifest says")
            if name in expected:
                _compare(graph.file, getattr(expected[name], kind), actual, f"as {name} of this bundle it must be")


def _compare(file: str, wanted: dict[str, tuple[str, tuple[str | int, ...]]], actual: Described, whose: str) -> None:
    """An axis that varies may have any name; what onnxruntime does not know of an axis is left to the probe."""
    if set(wanted) != {name for name, _, _ in actual}:
        raise BundleError(
            f"{file} has {_shorten([name for name, _, _ in actual])}; {whose} {_shorten(sorted(wanted))}."
        )
    for name, kind, shape in actual:
        dtype, axes = wanted[name]
        alike = len(shape) == len(axes) and all(
            isinstance(axis, str) if isinstance(size, str) else size is None or axis == size
            for size, axis in zip(shape, axes, strict=True)
        )
        if kind != TYPES[dtype] or not alike:
            raise BundleError(f"{file} has {name} as {kind} {_shorten(shape)}; {whose} {dtype} {_shorten(axes)}.")


def _shorten(value: object) -> str:
    return f"{value!s:.200}"

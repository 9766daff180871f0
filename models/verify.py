"""A bundle's files are what its manifest says, or the bundle is refused with the reason."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from models.errors import BundleError
from models.manifest import Manifest
from models.mixture import MixtureParameters
from models.sessions import Session


def readable(path: Path) -> bytes:
    """A file's content. Raises `BundleError` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path.name} cannot be read: {error.strerror}.") from error


def verified(path: Path, sha256: str) -> bytes:
    """A file's content, when it is what was published. Raises `BundleError`."""
    content = readable(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BundleError(f"{path.name} is not the file that was published: its SHA-256 differs from the manifest's.")
    return content


def plain_arrays(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """The arrays of a verified npz file, nothing unpickled. Raises `BundleError`."""
    try:
        with np.load(io.BytesIO(verified(path, sha256)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise BundleError(f"{path.name} is not a plain npz file: {error}") from error


def mixture_parameters(arrays: dict[str, np.ndarray], manifest: Manifest) -> MixtureParameters:
    """The latent mixture that mixture.npz holds. Raises `BundleError` when it does not fit the manifest."""
    try:
        weights, means, covariances = (arrays[name].astype(np.float64) for name in ("weights", "means", "covariances"))
    except KeyError as error:
        raise BundleError(f"{manifest.mixture.file} lacks the array {error}.") from error
    except ValueError as error:
        raise BundleError(f"{manifest.mixture.file} holds what are no numbers: {error}") from error
    shape = (len(manifest.classes), weights.shape[-1] if weights.ndim else 0, manifest.latent_dim)
    if weights.shape != shape[:2] or means.shape != shape or covariances.shape != (*shape, manifest.latent_dim):
        raise BundleError(
            f"{manifest.mixture.file} does not fit {len(manifest.classes)} classes in {shape[2]} dimensions."
        )
    try:
        factors = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError as error:
        raise BundleError(f"{manifest.mixture.file} holds a covariance that is not positive definite.") from error
    finite = all(np.isfinite(array).all() for array in (weights, means, factors))
    if not finite or weights.min() < 0 or not np.allclose(weights.sum(axis=1), 1):
        raise BundleError(f"{manifest.mixture.file} holds no mixture: weights must sum to 1 per class.")
    return MixtureParameters(weights, means, covariances)


def check_signatures(manifest: Manifest, sessions: dict[str, Session]) -> None:
    """Raise `BundleError` where a graph takes or gives other tensors than the manifest says."""
    for name, graph in manifest.graphs.items():
        session = sessions[str(name)]
        said = ([tensor.name for tensor in graph.inputs], [tensor.name for tensor in graph.outputs])
        if said != (session.inputs, session.outputs):
            raise BundleError(
                f"{graph.file} takes {session.inputs} and gives {session.outputs}; "
                f"the manifest says {said[0]} and {said[1]}."
            )

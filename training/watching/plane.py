"""The plane that latent codes are seen in: principal axes of one look's codes, in which all looks are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

GRID = 1000
"""What is shown lies within 0 … GRID, in either direction."""

MARGIN = 0.04
"""On each side, as a share of the width."""


@dataclass(frozen=True)
class Plane:
    """Mean `[latent_dim]` and two orthonormal axes `[latent_dim, 2]`; the second is 0 where codes have one value."""

    mean: np.ndarray
    axes: np.ndarray

    def project(self, latent: np.ndarray) -> np.ndarray:
        """Places `[n, 2]` of codes `[n, latent_dim]`."""
        placed: np.ndarray = (latent - self.mean) @ self.axes
        return placed


@dataclass(frozen=True)
class Frame:
    """The square of a plane that is shown, by its centre `[2]` and width."""

    centre: np.ndarray
    width: float

    def place(self, projected: np.ndarray) -> np.ndarray:
        """Places `[n, 2]`, 0 … GRID, of what a plane projected."""
        placed: np.ndarray = GRID * ((projected - self.centre) / self.width + 0.5)
        return placed


def fit_frame(projected: Sequence[np.ndarray]) -> Frame:
    """The least square that holds all places `[n, 2]` of all looks, with a margin."""
    every = np.concatenate(projected)
    low, high = every.min(axis=0), every.max(axis=0)
    return Frame((low + high) / 2, max(float((high - low).max()) * (1 + 2 * MARGIN), 1e-12))


def find_plane(latent: np.ndarray, before: Plane | None = None) -> Plane:
    """The principal plane of codes `[n, latent_dim]`, turned or flipped within itself to lie as `before` did.

    Turning is the orthogonal Procrustes solution (Schönemann, 1966); without it a picture that is renewed after every
    epoch would jump where axes change their sign or their order.
    """
    mean = latent.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(latent - mean, full_matrices=False)
    axes = np.zeros((latent.shape[1], 2))
    axes[:, : len(directions[:2])] = directions[:2].T
    if before is not None and before.axes.shape == axes.shape and latent.shape[1] > 1:
        left, _, right = np.linalg.svd(axes.T @ before.axes)
        axes = axes @ left @ right
    return Plane(mean, axes)

"""The training cases whose latent codes lie nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TrainingCodes:
    """Posterior means `latent` `[n_cases, latent_dim]` of training cases, and where each stands in the training set as
    it was read, `index` `[n_cases]`, counted from 0."""

    latent: NDArray[np.float32]
    index: NDArray[np.int64]

    def find_nearest(self, latent: NDArray[np.floating], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the `index` of the `k` training cases nearest to each code of `latent` `[n, latent_dim]`, the nearest
        first, and their Euclidean distances, `[n, k]` each; 1 ≤ k ≤ n_cases.

        Distances are in latent units, and not divided by the spread of an axis: a VAE leaves next to no spread on the
        axes that it does not use, and to divide by it would let their noise decide.
        """
        codes, given = self.latent.astype(np.float64), latent.astype(np.float64)
        squared = np.square(codes).sum(axis=1) - 2 * given @ codes.T  # but for a term that all cases share
        nearest = np.argpartition(squared, k - 1, axis=1)[:, :k]
        distance = np.linalg.norm(given[:, None, :] - codes[nearest], axis=2)
        order = np.lexsort((self.index[nearest], distance), axis=1)
        ordered = np.take_along_axis(distance, order, axis=1).astype(np.float32)
        return self.index[np.take_along_axis(nearest, order, axis=1)], ordered

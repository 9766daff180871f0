"""Coverage and density: whether synthetic series of a class reach all of it, and stay within it."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

NEIGHBOURS = 5


def compute_coverage_and_density(real: np.ndarray, made: np.ndarray) -> tuple[float, float] | None:
    """coverage 0 … 1: share of real cases with a synthetic one nearer than their k-th real neighbour; density ≥ 0,
    about 1 for the same distribution: mean number of such neighbourhoods that a synthetic case lies in, over k.

    Both of one class, `[n_cases, n_channels, n_timepoints]`, standardised; Euclidean distance; k = 5, or one fewer than
    there are real cases; None for fewer than two. Source: Naeem et al., 2020.
    """
    if len(real) < 2 or len(made) == 0:
        return None
    neighbours = min(NEIGHBOURS, len(real) - 1)
    flat = real.reshape(len(real), -1)
    # Each case is its own nearest, at distance 0.
    radius = np.sort(cdist(flat, flat), axis=1)[:, neighbours]
    inside = cdist(flat, made.reshape(len(made), -1)) <= radius[:, None]
    return float(inside.any(axis=1).mean()), float(inside.sum(axis=0).mean() / neighbours)

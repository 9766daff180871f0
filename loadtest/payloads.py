"""The series that every client sends: 256 different ones, the same in every run."""

from __future__ import annotations

import numpy as np

from loadtest.peers.graph import N_CHANNELS, N_TIMEPOINTS
from loadtest.wire import Array

SEED = 20250101
N_PAYLOADS = 256


def make_series(n_cases: int = N_PAYLOADS) -> Array:
    """Smooth random walks of mean 0 and deviation 1, like the archive's; `n_cases` more begin with the fewer."""
    steps = np.random.default_rng(SEED).standard_normal((n_cases, N_CHANNELS, N_TIMEPOINTS))
    walks = np.cumsum(steps, axis=2)
    level, scale = walks.mean(axis=2, keepdims=True), walks.std(axis=2, keepdims=True)
    made: Array = ((walks - level) / scale).astype(np.float32)
    return made

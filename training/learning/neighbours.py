"""The class of a case by the vote of the training codes nearest to its own (Fix & Hodges, 1951)."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier


def vote_by_neighbours(codes: np.ndarray, class_index: np.ndarray, asked: np.ndarray, k: int) -> np.ndarray:
    """The class index `[n_asked]` that most of the `k` nearest `codes` `[n, latent_dim]` have; all of them where they
    are fewer than `k`. `class_index` `[n]` is theirs, `asked` `[n_asked, latent_dim]`. Of equals the first class wins.
    """
    judge = KNeighborsClassifier(min(k, len(codes)))
    voted: np.ndarray = judge.fit(codes, class_index).predict(asked)
    return voted

"""What may be done for a classifier: what `/augment` returns beside the real cases, and what is free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bundle.evidence import Free
from bundle.generation.policy import PolicyName
from training.evaluation import peers
from training.learning.cases import TrainingCases
from training.learning.maker import Maker

PEERS: dict[Free, str] = {"random oversampling": "oversampling", "SMOTE": "smote"}
"""The peers that make the cases of what is free."""


@dataclass(frozen=True)
class Arm:
    """Cases put beside the real ones, which may be none, and whether classes are weighted to count alike. It is named
    after its policy, or after what is free.

    shares: soft labels, what of each added case is of which class, `[n_added, n_classes]`, for kinds that can learn
    from them; for the others class_index is a class drawn by them. None: a case is wholly of its class.
    """

    name: str
    added: TrainingCases
    weighted: bool = False
    shares: np.ndarray | None = None


def count_added(cases: TrainingCases, balance: bool) -> np.ndarray:
    """How many cases of each class are added, `[n_classes]`: what fills it to the largest, else what doubles it."""
    counts = np.bincount(cases.class_index, minlength=cases.n_classes)
    return np.where(counts > 0, counts.max() - counts, 0) if balance else counts


def make_arms(
    maker: Maker, cases: TrainingCases, policies: Sequence[PolicyName], balance: bool, seed: int
) -> Iterator[Arm]:
    """None, what `/augment` answers for each of `policies`, then what is free. Equal seeds give equal arms.

    Without `balance` no class is rare, and neither weights nor copies would change anything.
    """
    counts, nothing = count_added(cases, balance), cases.select(np.arange(0))
    yield Arm("none", nothing)
    for policy in policies:
        yield Arm(policy, maker.make(policy, cases, counts, seed))
    if balance:
        yield Arm("class weights", nothing, weighted=True)
    configuration = replace(maker.configuration, seed=seed % 2**32)
    for name, peer in PEERS.items():
        if balance or name == "SMOTE":
            grown = peers.import_peer(peer).augment(cases, counts, configuration)
            yield Arm(name, grown.select(np.arange(len(cases.series), len(grown.series))))

"""Rare classes are answered as readily as the others where balanced accuracy is what counts: logits are adjusted by the
classes' shares (Menon et al., 2021), as far as held-out training cases say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import log_softmax
from torch import Tensor, nn

from bundle.evidence import LogitAdjustment
from training.choosing.balance import is_imbalanced
from training.choosing.scoring import average_over_classes, fit_tempered_nll
from training.configuration import FitConfiguration
from training.judging.metrics import choose_metric

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""That are looked at: with 0 classes keep the odds that their shares give them, with 1 all have equal ones."""


def compute_shift(counts: np.ndarray, strength: float) -> np.ndarray:
    """What is taken from the logits `[n_classes]`: `strength` times the logarithm of each class's share of the training
    cases. A class without cases keeps what it has."""
    shares = np.where(counts > 0, counts, counts.sum()) / counts.sum()
    shift: np.ndarray = strength * np.log(shares)
    return shift


class Adjusted(nn.Module):
    """Logits of `network` less a shift."""

    shift: Tensor

    def __init__(self, network: nn.Module, counts: np.ndarray, strength: float) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("shift", torch.tensor(compute_shift(counts, strength), dtype=torch.float32))

    def forward(self, series: Tensor) -> Tensor:
        logits: Tensor = self.network(series) - self.shift
        return logits


def adjust(log_probabilities: np.ndarray, counts: np.ndarray, strength: float) -> np.ndarray:
    """Class log probabilities `[n, n_classes]` as `Adjusted` would give them."""
    adjusted: np.ndarray = log_softmax(log_probabilities - compute_shift(counts, strength), axis=1)
    return adjusted


def choose_adjustment(
    log_probabilities: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    class_index: np.ndarray,
    n_classes: int,
    configuration: FitConfiguration,
) -> LogitAdjustment | None:
    """The strength that makes held-out cases likeliest, classes counting alike, given each fold's class log
    probabilities `[n, n_classes]` and classes `truth` `[n]`; `class_index` are those of all training cases.

    None where classes are not imbalanced, nothing was held out, or another metric than balanced accuracy counts.
    """
    metric = choose_metric(configuration.metric, is_imbalanced(class_index))
    if not truth or metric != "balanced_accuracy" or not is_imbalanced(class_index):
        return None
    index, counts = np.concatenate(truth), np.bincount(class_index, minlength=n_classes)
    adjusted = {strength: adjust(np.concatenate(log_probabilities), counts, strength) for strength in STRENGTHS}
    nll = {strength: fit_tempered_nll(each, index) for strength, each in adjusted.items()}
    strength = min(STRENGTHS, key=lambda each: nll[each])
    correct = adjusted[strength].argmax(axis=1) == index
    return LogitAdjustment(
        strength=strength,
        nll={f"{each:g}": nll[each] for each in STRENGTHS},
        accuracy=float(correct.mean()),
        balanced_accuracy=average_over_classes(correct.astype(float), index),
    )

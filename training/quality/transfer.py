"""Train on one kind of cases, test on another: what synthetic cases teach, and whether they are of their class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.learning.cases import TrainingCases
from training.quality.judges import CONVOLUTIONAL
from training.quality.representation import fit_convolutions

JUDGE = CONVOLUTIONAL


@dataclass(frozen=True)
class Transfer:
    """trtr: accuracy of a classifier trained and tested on real cases; tstr: trained on synthetic ones; trts: tested
    on synthetic ones. The ratios are over trtr, None where that is 0."""

    trtr: float
    tstr: float
    trts: float

    @property
    def tstr_ratio(self) -> float | None:
        return self.tstr / self.trtr if self.trtr else None

    @property
    def trts_ratio(self) -> float | None:
        return self.trts / self.trtr if self.trtr else None


def measure_transfer(draws: Iterable[Sequence[TrainingCases]], held_out: TrainingCases, seed: int) -> Transfer | None:
    """Mean over matched draws of (train, synthetic); None where they have fewer than two classes.

    Source: Esteban, Hyland & Rätsch, 2017. The synthetic cases have the real ones' counts of every class.
    """
    accuracies = []
    for train, synthetic in draws:
        if len(np.unique(train.class_index)) < 2:
            return None
        real, made = _Classifier(train, seed), _Classifier(synthetic, seed)
        accuracies.append(
            (real.measure_accuracy(held_out), made.measure_accuracy(held_out), real.measure_accuracy(synthetic))
        )
    return Transfer(*np.mean(accuracies, axis=0).tolist())


class _Classifier:
    def __init__(self, cases: TrainingCases, seed: int) -> None:
        self._convolutions = fit_convolutions(cases.series, seed)
        self._classifier = JUDGE.classifier().fit(self._convolutions(cases.series), cases.class_index)

    def measure_accuracy(self, cases: TrainingCases) -> float:
        predicted = self._classifier.predict(self._convolutions(cases.series))
        return float((predicted == cases.class_index).mean())

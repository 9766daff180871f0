"""What is learned from and what is measured on; classes as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bundle.manifest import Label
from training.configuration import FitConfiguration
from training.data import Cases, Dataset
from training.data.duplicates import group_equal
from training.data.split import hold_out
from training.learning.cases import TrainingCases

MeasuredOn = Literal["given test set", "held-out split"]


@dataclass(frozen=True)
class Partition:
    """Cases to learn from and cases to measure on, and where the latter come from."""

    learn: Cases
    measure: Cases | None
    measured_on: MeasuredOn | None


def split_dataset(dataset: Dataset, configuration: FitConfiguration) -> Partition:
    """The given test set measures; without one, a stratified share of the cases does that parts no group
    and no equal cases."""
    train = dataset.train
    if dataset.test is not None and (train.labels is None or dataset.test.labels is not None):
        return Partition(train, dataset.test, "given test set")
    if configuration.held_out_share == 0:
        return Partition(train, None, None)
    kept, held = hold_out(
        train.labels, group_equal(train), configuration.held_out_share, configuration.seed, len(train.series)
    )
    if len(held) == 0:
        return Partition(train, None, None)
    return Partition(train.select(kept), train.select(held), "held-out split")


def order_labels(labels: tuple[Label, ...] | None) -> tuple[Label, ...]:
    """The classes in the order of their index: numbers by value, text by text; one class "all" without labels."""
    if labels is None:
        return ("all",)
    return tuple(sorted(set(labels), key=lambda label: (_parse_number(label), str(label))))


def _parse_number(label: Label) -> float:
    try:
        return float(label)
    except ValueError:
        return float("inf")


def make_training_cases(cases: Cases, labels: tuple[Label, ...]) -> TrainingCases:
    """Labels become class indices; unlabelled cases are all of class 0."""
    own = cases.labels or (labels[0],) * len(cases.series)
    index = np.array([labels.index(label) for label in own], dtype=np.int64)
    return TrainingCases(cases.series, index, len(labels), cases.lengths, cases.counted)

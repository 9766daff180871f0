"""Does pretraining raise accuracy where few cases have labels? Measured in pairs: the same cases, seed and steps.

`python -m training.evaluation.pretraining --data FOLDER --datasets GunPoint CBF`: of each training set, `--labelled`
cases a class keep their labels, and the whole set without labels is what is pretrained on. The classifier `lstm` is
trained with and without, and judged once by the test set, after its last step. Nothing is chosen.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from training import data as datasets
from training.choosing.policies import compute_log_probabilities, fit_classifier
from training.configuration import FitConfiguration
from training.data.partition import make_training_cases, order_labels
from training.evaluation.subsets import Level, choose_kept
from training.families import make_settings
from training.learning.cases import TrainingCases, standardise
from training.learning.run import start_fabric
from training.learning.scaling import Scaling
from training.pretraining import Unlabelled, pretrain
from training.settings import Bounds


@dataclass(frozen=True)
class Settings:
    """Measure what pretraining a recurrent VAE gives the classifier lstm."""

    data: Path
    """A folder of datasets with training and test sets."""
    datasets: tuple[str, ...]
    """Their names."""
    labelled: Annotated[int, Bounds(ge=1)] = 5
    """Cases of each class that keep their label."""
    seeds: Annotated[int, Bounds(ge=1)] = 3
    """Repetitions, each with other cases and weights."""


def measure(train: TrainingCases, test: TrainingCases, labelled: int, seed: int) -> tuple[float, float]:
    """Test accuracy without and with pretraining, 0 … 1."""
    configuration = FitConfiguration(
        seed=seed,
        device="cpu",
        vae=make_settings("vae", "recurrent"),
        classifier=make_settings("classifier", "lstm"),
    )
    fabric = start_fabric(configuration)
    kept = train.select(choose_kept(train.class_index, Level("low-data", labelled), seed))
    scaling = Scaling(kept.series, configuration.working_timepoints)
    unlabelled = Unlabelled(replace(train, class_index=np.zeros_like(train.class_index), n_classes=1), "", "0" * 64, ())
    first = pretrain(fabric, unlabelled, train.n_classes, configuration)
    accuracies = []
    for initial in (None, first.initial.classifier):
        pool = standardise(kept, scaling)
        network, _ = fit_classifier(fabric, pool, None, "none", configuration, initial=initial)
        predicted = compute_log_probabilities(network, scaling, test.series).argmax(axis=1)
        accuracies.append(float((predicted == test.class_index).mean()))
    return accuracies[0], accuracies[1]


def main(arguments: list[str] | None = None) -> int:
    """Print a table: per dataset the mean accuracies over seeds, and each seed's difference in points."""
    settings = tyro.cli(Settings, args=arguments)
    print("| dataset | without | with | difference by seed |\n|---|---|---|---|")
    for name in settings.datasets:
        dataset = datasets.load(dataset=name, data=settings.data)
        if dataset.test is None:
            print(f"{name} has no test set.", file=sys.stderr)
            return 2
        labels = order_labels(dataset.train.labels)
        train, test = (make_training_cases(part, labels) for part in (dataset.train, dataset.test))
        pairs = 100 * np.array([measure(train, test, settings.labelled, seed) for seed in range(settings.seeds)])
        each = ", ".join(f"{difference:+.1f}" for difference in pairs[:, 1] - pairs[:, 0])
        print(f"| {name} | {pairs[:, 0].mean():.1f} | {pairs[:, 1].mean():.1f} | {each} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

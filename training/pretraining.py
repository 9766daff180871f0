"""A VAE learns series without labels first, and a fit starts from what it learned (`--pretrain`).

Both sets are standardised each by its own mean and scale, channel by channel: the networks see shapes, so that what was
learned of volts serves for millivolts. Channels have to be as many; series of another length are stretched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from bundle.manifest import Pretraining
from bundle.resampling import resample
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Cases, Dataset, DatasetError
from training.data.duplicates import hash_cases
from training.data.generated import NO_OPTIONS
from training.data.load import load_unlabelled
from training.families import find_module, vae
from training.families.recurrence import copy_reader
from training.families.settings import NO_FAMILY, Size
from training.learning.augmenting import Initial
from training.learning.cases import TrainingCases, standardise
from training.learning.loop import History
from training.learning.run import make_run
from training.learning.scaling import Scaling

TITLE = "VAE, pretraining"


@dataclass(frozen=True)
class Unlabelled:
    """Series to learn first, at the dataset's length; where they are from; and what was done to them, in sentences."""

    cases: TrainingCases
    dataset: str
    dataset_sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Pretrained:
    """What a fit starts from, the losses of the VAE that learned it, and what the manifest says of it."""

    initial: Initial
    history: History
    card: Pretraining


def load_pretraining(dataset: Dataset, configuration: FitConfiguration) -> Unlabelled | None:
    """The training cases of the file `--pretrain`, read as that of `--data` is, without labels; None without the flag.

    Raises `ConfigurationError` where no VAE could start from them, and `DatasetError`.
    """
    if configuration.pretrain is None:
        return None
    if configuration.start_from is not None:
        raise ConfigurationError("--from and --pretrain both came; a fit starts from one of them. Leave the other out.")
    if configuration.generator != NO_FAMILY:
        raise ConfigurationError("--pretrain trains a VAE, and --generator has none. Leave one of them out.")
    found = load_unlabelled(replace(configuration, data=configuration.pretrain, dataset=None, generated=NO_OPTIONS))
    (_, n_channels, n_timepoints), given = dataset.train.series.shape, found.train.series
    if given.shape[1] != n_channels:
        raise DatasetError(
            f"--pretrain {configuration.pretrain} has series of {given.shape[1]} channels, and the dataset of "
            f"{n_channels}. Give series of the same channels, in the same order."
        )
    counted = found.train.counted
    if given.shape[2] != n_timepoints and counted is not None:
        counted = resample(counted.astype(np.float32), n_timepoints) > 0.5
    series: NDArray[np.float32] = resample(given, n_timepoints)
    cases = TrainingCases(series, np.zeros(len(series), np.int64), 1, counted=counted)
    return Unlabelled(cases, found.name, found.sha256, tuple(_describe(found, n_timepoints)))


def _describe(found: Dataset, n_timepoints: int) -> Iterator[str]:
    yield f"pretraining on {found.description.read}"
    yield from found.description.notes
    if found.train.series.shape[2] != n_timepoints:
        yield f"series to pretrain on were stretched from {found.train.series.shape[2]} timepoints to {n_timepoints}"
    if found.test is not None:
        yield f"the {len(found.test.series)} test cases beside the series to pretrain on were left out"


def describe_measured(unlabelled: Unlabelled | None, measured: Cases | None) -> Iterator[str]:
    """Say how many cases to measure on are among the series to pretrain on; nothing where none is."""
    if unlabelled is None or measured is None:
        return
    known = set(hash_cases(unlabelled.cases.series))
    if count := sum(key in known for key in hash_cases(measured.series)):
        yield (
            f"{count} of {len(measured.series)} cases to measure on are among the series to pretrain on: what is "
            "measured on them flatters this fit."
        )


def pretrain(fabric: Fabric, unlabelled: Unlabelled, n_classes: int, configuration: FitConfiguration) -> Pretrained:
    """Fit the VAE of `configuration` to `unlabelled`, and start the classifier from its encoder where both read alike.

    `n_classes` are those that the classifier will tell apart. The rest of it is as it would be without pretraining.
    """
    scaling = Scaling(unlabelled.cases.series, configuration.working_timepoints)
    pool = standardise(unlabelled.cases, scaling)
    model, history = vae.fit(pool, configuration.vae, make_run(fabric, configuration, TITLE))
    torch.manual_seed(configuration.seed)
    size: Size = replace(pool.size, n_classes=n_classes)
    classifier: nn.Module = find_module(configuration.classifier).build(size, configuration.classifier)
    alike = copy_reader(model, classifier)
    networks = ["vae", "classifier"] if alike else ["vae"]
    card = Pretraining(
        dataset=unlabelled.dataset,
        dataset_sha256=unlabelled.dataset_sha256,
        n_cases=len(unlabelled.cases.series),
        networks=networks,
    )
    return Pretrained(Initial(vae=model, classifier=classifier if alike else None), history, card)

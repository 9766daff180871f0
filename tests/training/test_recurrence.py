"""The recurrent VAE reconstructs, and hands what its encoder learned to a classifier that reads alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from training.configuration import FitConfiguration
from training.families import make_settings
from training.families.classifiers import lstm
from training.families.recurrence import Reader, copy_reader, join_chunks, split_into_chunks
from training.families.settings import Size
from training.families.vae import recurrent
from training.learning.cases import TrainingCases, standardise
from training.learning.run import Run, start_fabric
from training.learning.scaling import Scaling

SIZE = Size(n_cases=8, n_channels=3, n_timepoints=22, n_classes=2)


def make_bumps(n_cases: int, seed: int) -> TrainingCases:
    """Series of 60 timepoints with a plateau between two steep slopes, as gestures have, of any height and place; a dip
    before it tells the classes apart."""
    random, time = np.random.default_rng(seed), np.linspace(0, 1, 60)
    class_index = np.arange(n_cases) % 2
    start, width, height = random.uniform((0.2, 0.2, 1), (0.4, 0.4, 2), (n_cases, 3)).T[:, :, None]
    plateau = height / (1 + np.exp(-40 * (time - start))) / (1 + np.exp(40 * (time - start - width)))
    dip = 0.5 * class_index[:, None] * np.exp(-((time - start + 0.1) ** 2) / 0.002)
    series = plateau - dip + 0.02 * random.normal(size=(n_cases, 60))
    return TrainingCases(series[:, None].astype(np.float32), class_index, 2)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@torch.no_grad()
def test_it_gives_back_nine_tenths_of_the_variance_of_series_not_trained_on(cell: str) -> None:
    train, test = make_bumps(60, seed=0), make_bumps(60, seed=1)
    scaling = Scaling(train.series, 128)
    settings = make_settings("vae", "recurrent", {"cell": cell, "steps": 250, "width": 32})
    with torch.enable_grad():
        run = Run(start_fabric(FitConfiguration(device="cpu")), seed=0, title="recurrent")
        model, _ = recurrent.fit(standardise(train, scaling), settings, run)
    series = standardise(test, scaling).series
    reconstruction, *_ = model(series, torch.zeros(len(series), 16))
    assert (reconstruction - series).square().mean() < 0.1 * series.var()


@pytest.mark.parametrize("chunk", [1, 4, 22, 30])
def test_chunks_joined_are_the_series_that_was_split(chunk: int) -> None:
    series = torch.randn(5, 3, 22, generator=torch.Generator().manual_seed(0))
    chunks = split_into_chunks(series, chunk)
    assert chunks.shape == (5, -(-22 // chunk), 3 * chunk)
    assert torch.equal(join_chunks(chunks, 3, 22), series)


def test_a_classifier_takes_the_weights_of_a_reader_of_equal_shape() -> None:
    model = recurrent.build(SIZE, recurrent.Settings(width=8))
    classifier = lstm.build(SIZE, lstm.Settings(width=8))
    assert copy_reader(model, classifier)
    [reader] = (part for part in classifier.modules() if isinstance(part, Reader))
    series = torch.randn(5, 3, 22, generator=torch.Generator().manual_seed(0))
    assert torch.equal(reader(series), model.reader(series))


@pytest.mark.parametrize(
    "source",
    [recurrent.Settings(width=9), recurrent.Settings(width=8, cell="gru"), recurrent.Settings(chunk=2, width=8)],
)
def test_one_of_another_shape_or_without_a_reader_stays_as_it_was(source: recurrent.Settings) -> None:
    classifier = lstm.build(SIZE, lstm.Settings(width=8))
    before = {name: weights.clone() for name, weights in classifier.state_dict().items()}
    assert not copy_reader(recurrent.build(SIZE, source), classifier)
    assert not copy_reader(nn.Linear(2, 2), classifier) and not copy_reader(classifier, nn.Linear(2, 2))
    assert all(torch.equal(weights, before[name]) for name, weights in classifier.state_dict().items())

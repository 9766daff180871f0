"""A generator of the sines, learned once per run, and what it was learned of."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import QUICK, take_steps
from training.configuration import FitConfiguration
from training.data.generators import sines
from training.learning.augmenting import fit_generator
from training.learning.cases import TrainingCases
from training.learning.generator import Generator
from training.learning.run import start_fabric

BRIEF = {**QUICK, **take_steps(80, 20, 120)}


@pytest.fixture(scope="session")
def settings() -> FitConfiguration:
    """Enough for parts to differ from their start."""
    return FitConfiguration(dataset="sines", **BRIEF)


@pytest.fixture(scope="session")
def cases() -> TrainingCases:
    """24 sines of three classes, `[24, 2, 64]`, 12, 8 and 4 of them, and none of a fourth class."""
    train, _ = sines.generate(sines.Settings())
    labels = np.array(train.labels)
    chosen = np.concatenate([np.flatnonzero(labels == index)[:count] for index, count in enumerate((12, 8, 4))])
    return TrainingCases(np.asarray(train.series, np.float32)[chosen], labels[chosen], 4)


@pytest.fixture(scope="session")
def generator(cases: TrainingCases, settings: FitConfiguration) -> Generator:
    """Of these cases."""
    return fit_generator(start_fabric(settings), cases, settings)

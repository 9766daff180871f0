"""Servers, started once per run, and cases to send to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server, serving
from training import datasets


@pytest.fixture(scope="session")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves `sines` and `unlabelled` with every setting as it comes."""
    with serving(tmp_path_factory.mktemp("server"), repository) as running:
        yield running


@pytest.fixture(scope="session")
def cases() -> Labelled:
    """60 labelled cases of `sines`, `[60, 2, 64]`, that its model was not trained on."""
    return Labelled.of(datasets.load("sines").test)


@pytest.fixture(scope="session")
def waves() -> np.ndarray:
    """8 cases for `unlabelled`, `[8, 1, 40]`."""
    time = np.linspace(0, 1, 40)
    return np.sin(6 * time + np.linspace(0, 1, 8)[:, None])[:, None, :].astype(np.float32)

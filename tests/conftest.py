"""Small bundles, fitted once per run from generated data, and a server of them: no test depends on other data."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from tests.plain import publish_all
from tests.service.bundles import Labelled
from tests.service.server import Server, run_server
from training import data as datasets
from training.configuration import FitConfiguration
from training.families.classifiers import fcn
from training.families.textures import flow, stored
from training.families.vae import convolutional, dense
from training.fit import fit_and_publish

ROOT = Path(__file__).resolve().parent.parent


def take_steps(vae: int, texture: int, classifier: int, euler_steps: int = 0) -> dict[str, Any]:
    """Fields of a fit whose default families take so many gradient steps; Euler steps are exported quicker."""
    return {
        "vae": convolutional.Settings(steps=vae),
        "texture": flow.Settings(steps=texture, euler_steps=euler_steps),
        "classifier": fcn.Settings(steps=classifier),
    }


def take_dense_steps(vae: int, classifier: int) -> dict[str, Any]:
    """Fields of a fit of the families that are exported in half the time, for tests to which the families are alike."""
    return {
        "vae": dense.Settings(steps=vae),
        "texture": stored.Settings(),
        "classifier": fcn.Settings(steps=classifier),
    }


QUICK: dict[str, Any] = {
    **take_steps(150, 60, 150),
    "companion": "none",
    "policy": "latent",
    "folds": 2,
    "advice": "none",
    "workers": 1,
    "device": "cpu",
    "report": False,
    "force": True,
}
"""Enough to learn the generated sines. Tests that take fewer steps publish what the gate would keep aside."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that fit first, so that neither process ends with a long file while the other one has nothing left."""
    items.sort(key=lambda item: not item.path.is_relative_to(ROOT / "tests" / "training"))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A repository of two bundles: `sines` (two channels, three integer labels) and `unlabelled` (one channel).

    Fitted once for all of pytest's processes, and again when the code that fits has changed.
    """
    root = tmp_path_factory.mktemp("repository") / "models"
    return _make_once("bundles", _fit_both, root, pytestconfig)


@pytest.fixture(scope="session")
def plain_repository(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A repository of the bundles of `tests.plain.OPERATIONS`, made once like those of `repository`."""
    root = tmp_path_factory.mktemp("plain") / "models"
    return _make_once("plain", publish_all, root, pytestconfig)


def _make_once(name: str, make: Callable[[Path], None], root: Path, pytestconfig: pytest.Config) -> Path:
    """Have `make` fill `root`, or copy there what it made before, of the same code."""
    made = pytestconfig.cache.mkdir(name) / _compute_code_digest()
    with (made.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(root)
            shutil.copytree(root, made.with_suffix(".tmp"), dirs_exist_ok=True)
            made.with_suffix(".tmp").rename(made)
            return root
    shutil.copytree(made, root)
    return root


def _compute_code_digest() -> str:
    """Of everything that a bundle depends on: the code that makes it, its libraries, this file and plain.py."""
    ours = [ROOT / "constraints.txt", Path(__file__), ROOT / "tests" / "plain.py"]
    sources = sorted([*ROOT.glob("bundle/**/*.py"), *ROOT.glob("training/**/*.py"), *ours])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def _fit_both(root: Path) -> None:
    fit_and_publish(FitConfiguration(dataset="sines", models=root, keep_codes=True, **{**QUICK, "advice": "brief"}))
    file = root.parent / "unlabelled.npz"
    save_unlabelled(file)
    layout = "n_cases,n_timepoints,n_channels"
    fit_and_publish(FitConfiguration(data=file, key="data", layout=layout, models=root, **QUICK))


def save_unlabelled(file: Path) -> None:
    """Write what `unlabelled` is fitted to: 24 windows as `data` `[24, 40, 1]`."""
    phase = np.random.default_rng(0).uniform(0, 1, (24, 1))
    np.savez(file, data=np.sin(6 * np.linspace(0, 1, 40) + phase)[:, :, None])


@pytest.fixture(scope="session")
def sines(repository: Path) -> Bundle:
    """The labelled bundle."""
    return Bundle.load(repository / "sines" / "1", Runtime("cpu", 1))


@pytest.fixture(scope="session")
def unlabelled(repository: Path) -> Bundle:
    """The bundle without labels."""
    return Bundle.load(repository / "unlabelled" / "1", Runtime("cpu", 1))


@pytest.fixture(scope="session")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves `sines` and `unlabelled` with every setting as it comes."""
    with run_server(tmp_path_factory.mktemp("server"), repository) as running:
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

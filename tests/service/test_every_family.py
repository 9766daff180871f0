"""Every family, fitted to each kind of data, does over HTTP and gRPC all that its graphs can, and refuses the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.manifest import Manifest, read_manifest
from bundle.roles import OPERATIONS
from seriesmith import Client, SeriesmithClientError
from tests.service.server import Server, run_server
from tests.training.test_fit import make_brief
from training import families
from training.data.raw import Raw
from training.data.writing import write_cases
from training.fit import fit_and_publish

pytestmark = pytest.mark.long

N_CASES, N_TIMEPOINTS = 16, 40

KINDS = {"univariate": (1, True), "multivariate": (3, True), "unlabelled": (2, False), "unequal": (2, True)}
"""Kinds of data: channels, and whether there are labels."""

FITS = [
    (data, kind, name)
    for data in KINDS
    for kind in families.PACKAGES
    for name in families.list_names(kind)
    if kind != "classifier" or KINDS[data][1]
]

every_fit = pytest.mark.parametrize(("data", "kind", "name"), FITS, ids=lambda part: str(part))


def make_cases(data: str) -> list[np.ndarray]:
    """Noisy waves about 20, slow and fast by turns; of 28 to 40 timepoints where lengths differ."""
    random = np.random.default_rng(0)
    lengths = np.full(N_CASES, N_TIMEPOINTS) if data != "unequal" else np.tile([28, 40, 33, 36], 4)
    n_channels = KINDS[data][0]
    cases = []
    for number, length in enumerate(lengths):
        time = np.linspace(0, 6, length) * (1 + number % 2) + random.uniform()
        waves = 20 + 3 * np.sin(time + np.arange(n_channels)[:, None])
        cases.append(waves + 0.2 * random.normal(size=(n_channels, length)))
    return cases


def make_labels(data: str) -> list[str] | None:
    """ "slow" and "fast" by turns, or none."""
    return ["slow", "fast"] * (N_CASES // 2) if KINDS[data][1] else None


def name_bundle(data: str, kind: str, name: str) -> str:
    """A bundle's name."""
    return f"{data}-{kind}-{name}"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of a bundle for each fit."""
    folder = tmp_path_factory.mktemp("families")
    for data in KINDS:
        write_cases(folder / f"{data}.ts", Raw([list(case) for case in make_cases(data)], make_labels(data)))
    for data, kind, name in FITS:
        known = families.list_options(kind, name)
        own = families.make_settings(kind, name, {"steps": 3} if "steps" in known else {})
        fit_and_publish(
            make_brief(
                **{kind: own},
                policy="none",
                folds=2 if kind == "vae" else 0,
                keep_codes=kind == "vae",
                held_out_share=0.0,
                name=name_bundle(data, kind, name),
                data=folder / f"{data}.ts",
                models=folder / "models",
            )
        )
    return folder / "models"


@pytest.fixture(scope="module")
def served(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of all of them."""
    with run_server(tmp_path_factory.mktemp("served"), models) as running:
        yield running


def read_own(models: Path, model: str) -> Manifest:
    """The bundle's manifest."""
    return read_manifest((models / model / "1" / "manifest.json").read_bytes())


Ask = Callable[[Client, str, list[np.ndarray], list[str] | None, Manifest], Any]


def _make_codes(manifest: Manifest) -> np.ndarray:
    width = manifest.latent.latent_dim if manifest.latent else 4
    return np.random.default_rng(1).normal(size=(3, width)).astype(np.float32)


def _remove_middle(series: list[np.ndarray]) -> list[np.ndarray]:
    holed = [case.copy() for case in series[:3]]
    for case in holed:
        case[:, 10:16] = np.nan
    return holed


ASK: dict[str, Ask] = {
    "encode": lambda client, model, series, labels, manifest: client.encode(series, model=model).posterior_mean,
    "reconstruct": lambda client, model, series, labels, manifest: client.reconstruct(series, model=model).series,
    "sample": lambda client, model, series, labels, manifest: client.sample(n_per_class=3, seed=5, model=model).series,
    "augment": lambda client, model, series, labels, manifest: (
        client.augment(series, labels, strategy={"factor": 1.5}, seed=5, model=model).series
    ),
    "classify": lambda client, model, series, labels, manifest: client.classify(series, model=model).probabilities,
    "decode": lambda client, model, series, labels, manifest: client.decode(_make_codes(manifest), model=model).series,
    "interpolate": lambda client, model, series, labels, manifest: (
        client.interpolate(
            start_latent=_make_codes(manifest), end_latent=-_make_codes(manifest), steps=3, model=model
        ).series
    ),
    "blend": lambda client, model, series, labels, manifest: (
        client.blend(manifest.labels[:1], manifest.labels[-1:], steps=3, seed=5, model=model).series
    ),
    "traverse": lambda client, model, series, labels, manifest: (
        client.traverse(latent=_make_codes(manifest), axes=[0, 1], steps=3, model=model).series
    ),
    "neighbours": lambda client, model, series, labels, manifest: client.neighbours(series, k=2, model=model).distance,
    "complete": lambda client, model, series, labels, manifest: (
        client.complete(_remove_middle(series), n=2, seed=5, model=model).completions
    ),
}
"""How each operation is called, and the numbers that it answers."""


def test_every_operation_is_called_here() -> None:
    assert set(ASK) == set(OPERATIONS)


@every_fit
def test_it_does_all_that_its_graphs_can_do_over_http_and_grpc_alike_and_refuses_the_rest(
    data: str, kind: str, name: str, models: Path, served: Server
) -> None:
    model = name_bundle(data, kind, name)
    manifest = read_own(models, model)
    series, labels = make_cases(data), make_labels(data)
    able = served.get(f"/models/{model}")["operations"]
    assert {"sample", "augment"} <= set(able)
    assert ("classify" in able) == KINDS[data][1]
    with Client(served.url) as http, Client(f"grpc://{served.grpc}") as grpc:
        for operation, ask in ASK.items():
            if operation in able:
                one, other = (np.asarray(ask(client, model, series, labels, manifest)) for client in (http, grpc))
                assert np.isfinite(one).all() and one.size
                assert np.allclose(one, other, rtol=1e-5, atol=1e-5)
                continue
            for client in (http, grpc):
                with pytest.raises(SeriesmithClientError, match="cannot"):
                    ask(client, model, series, labels, manifest)


@pytest.mark.parametrize("name", families.list_names("vae"))
@pytest.mark.parametrize("data", KINDS)
def test_what_encodes_judges_anomalies_and_typicality(data: str, name: str, models: Path, served: Server) -> None:
    model = name_bundle(data, "vae", name)
    usual = make_cases(data)
    broken = [case + 60 * np.sign(np.arange(case.shape[1]) % 2 - 0.5) for case in usual]
    with Client(served.url) as client:
        scores, broken_scores = (client.reconstruct(some, model=model).anomaly_score for some in (usual, broken))
        assert scores is not None and broken_scores is not None
        assert np.median(scores) < 1.2 < broken_scores.min()
    with Client(served.url) as client:
        typical, untypical = (client.encode(some, typicality=True, model=model).typicality for some in (usual, broken))
    assert typical is not None and untypical is not None
    assert np.median(typical) > np.median(untypical)

"""Versions of a model are shown, rolled back and forth; its codes are mapped onto the plane where they vary most."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.errors import Unsupported
from service.serving import Serving
from service.settings import Settings
from studio.catalogue.catalogue import Catalogue
from studio.plane import MOST_POINTS, find_plane, map_codes
from studio.settings import StudioSettings
from studio.studio import Studio
from tests.bundle.test_retiring import copy_version
from tests.service.server import Server, wait_until
from tests.service.test_refusals import assert_refused
from tests.studio.known import catalogue, keep, make_gunpoint

__all__ = ["catalogue"]

MODEL = "/studio/models/gunpoint"
ROLLED = "/studio/models/rolled"


def test_the_versions_of_a_model(studio_server: Server):
    model = studio_server.get(MODEL)
    assert model["name"] == "gunpoint" and model["retired"] == []
    (version,) = model["versions"]
    assert (version["version"], version["in_service"], version["reason"]) == (1, True, "")
    assert version["metrics"] == studio_server.get("/models/gunpoint")["metrics"]
    assert [card["label"] for card in version["classes"]] == ["1", "2"]
    assert version["provenance"]["dataset"] == "GunPoint" and "training_sketch" not in version["provenance"]
    assert version["n_bytes"] > 10_000 and version["created"].endswith("Z")


@pytest.mark.parametrize("name", ["nobody", "..", "%2e%2e", "Gunpoint", "a" * 300])
def test_a_model_that_is_not_there(studio_server: Server, name: str):
    for path in (f"/studio/models/{name}", f"/studio/models/{name}/map"):
        assert studio_server.http.get(path).status_code == 404
    assert studio_server.http.post(f"/studio/models/{name}/1/retire").status_code == 404


@pytest.fixture
def rolled(studio_server: Server, shipped_models: Path) -> Iterator[Path]:
    """A model of the running server, `rolled`, in the versions 1 and 2; gone afterwards."""
    for version in ("1", "2"):
        copy_version(shipped_models / "gunpoint" / "1", shipped_models.parent / "rolled" / version)
    (shipped_models.parent / "rolled").rename(shipped_models / "rolled")
    _wait_for(studio_server, [1, 2])
    yield shipped_models / "rolled"
    shutil.rmtree(shipped_models / "rolled")
    wait_until(lambda: studio_server.http.get("/models/rolled").status_code == 404, seconds=30, what="the model's end")


def _wait_for(server: Server, versions: list[int]) -> None:
    def are_served() -> bool:
        card = server.http.get("/models/rolled")
        return card.status_code == 200 and card.json()["versions"] == versions

    wait_until(are_served, seconds=30, what=f"the versions {versions}")


def _post(server: Server, path: str) -> dict[str, Any]:
    response = server.http.post(path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_version_is_rolled_back_and_forth(studio_server: Server, rolled: Path):
    files = sorted(path.name for path in (rolled / "2").iterdir())
    model = _post(studio_server, f"{ROLLED}/2/retire")
    assert [card["version"] for card in model["versions"]] == [1]
    (retired,) = model["retired"]
    assert (retired["version"], retired["in_service"]) == (2, False) and "retired on request" in retired["reason"]
    assert retired["metrics"]["accuracy"] is not None
    assert studio_server.answer("sample", model="rolled", n_per_class=1)["version"] == 1
    assert studio_server.post("sample", model="rolled/2", n_per_class=1).status_code == 404
    refused = [card for card in studio_server.get("/models")["refused"] if card["name"] == "rolled"]
    assert [card["version"] for card in refused] == [2]
    last = studio_server.http.post(f"{ROLLED}/1/retire")
    assert_refused(last, 422, "unsupported_operation", "version", "last one that can be served")
    model = _post(studio_server, f"{ROLLED}/2/restore")
    assert [card["version"] for card in model["versions"]] == [2, 1] and model["retired"] == []
    assert studio_server.answer("sample", model="rolled", n_per_class=1)["version"] == 2
    assert sorted(path.name for path in (rolled / "2").iterdir()) == files
    for path in (f"{ROLLED}/9/retire", f"{ROLLED}/9/restore", f"{ROLLED}/x/retire", f"{ROLLED}/0/retire"):
        assert studio_server.http.post(path).status_code == 404
    # One that another loads again is none the worse for a version that is retired.
    _post(studio_server, f"{ROLLED}/2/retire")
    _post(studio_server, "/v2/repository/models/rolled.encode/load")


def test_the_map_of_drawn_codes(studio_server: Server):
    shown = studio_server.get(f"{MODEL}/map")
    assert shown == studio_server.get(f"{MODEL}/map?version=1")
    latent, axes, mean = (np.array(shown[name]) for name in ("latent", "axes", "mean"))
    assert shown["drawn"] and shown["index"] is None and 900 < len(latent) <= MOST_POINTS
    assert set(shown["labels"]) == {"1", "2"} and len(shown["labels"]) == len(latent)
    assert np.allclose(axes @ axes.T, np.eye(2), atol=1e-5)
    assert np.allclose((latent - mean) @ axes.T, shown["points"], atol=1e-4)
    assert np.allclose(np.std(shown["points"], axis=0, ddof=1), shown["spread"], rtol=1e-3)
    assert 0 < shown["explained"][1] <= shown["explained"][0] < 1
    x, y = shown["spread"]
    answer = studio_server.answer("decode", model="gunpoint", latent=[(mean + x * axes[0] + y * axes[1]).tolist()])
    assert np.isfinite(answer["series"]).all()


def test_the_ellipses_are_the_mixtures(studio_server: Server, shipped_models: Path):
    shown = studio_server.get(f"{MODEL}/map")
    bundle = Bundle.load(shipped_models / "gunpoint" / "1")
    assert bundle.mixture is not None
    axes, mean = np.array(shown["axes"]), np.array(shown["mean"])
    assert len(shown["ellipses"]) == bundle.mixture.present.sum()
    for index, label in enumerate(bundle.manifest.labels):
        own = [ellipse for ellipse in shown["ellipses"] if ellipse["class_index"] == index]
        assert {ellipse["class"] for ellipse in own} == {label}
        assert sum(ellipse["weight"] for ellipse in own) == pytest.approx(1)
        centres = (bundle.mixture.means[index][bundle.mixture.present[index]] - mean) @ axes.T
        assert np.allclose([ellipse["centre"] for ellipse in own], centres, atol=1e-4)
        for ellipse, covariance in zip(own, bundle.mixture.covariances[index], strict=False):
            assert np.allclose(ellipse["covariance"], axes @ covariance @ axes.T, atol=1e-4)


def test_the_map_of_a_dataset(studio_server: Server, catalogue: Catalogue):
    cases = make_gunpoint(studio_server, {"1": 5, "2": 7})
    id = keep(catalogue, cases, "mapped")
    shown = studio_server.get(f"{MODEL}/map?dataset={id}")
    assert shown["index"] == list(range(12)) and shown["labels"] == list(cases.labels or ()) and not shown["drawn"]
    encoded = studio_server.answer("encode", model="gunpoint", series=cases.series)["posterior_mean"]
    assert np.allclose(shown["latent"], encoded, atol=1e-5)


def test_of_a_large_dataset_some_are_shown(studio_server: Server, catalogue: Catalogue):
    few = make_gunpoint(studio_server, {"1": 2, "2": 1})
    many = few.select(np.tile(np.arange(3), 500))
    shown = studio_server.get(f"{MODEL}/map?dataset={keep(catalogue, many, 'large')}")
    assert len(shown["points"]) == MOST_POINTS
    assert shown["index"] == sorted(set(shown["index"])) and shown["index"][-1] > MOST_POINTS
    assert shown["labels"] == [(many.labels or ())[place] for place in shown["index"]]


def test_what_cannot_be_mapped(studio_server: Server, catalogue: Catalogue):
    cases = make_gunpoint(studio_server, {"1": 2})
    short = cases.select(np.arange(2))
    uneven = keep(catalogue, type(short)(short.series, np.array([150, 149])), "uneven")
    refused = studio_server.http.get(f"{MODEL}/map?dataset={uneven}")
    assert_refused(refused, 400, "invalid_request", "series", "149 to 150 timepoints", "cut windows")
    other = studio_server.http.get(f"/studio/models/basicmotions/map?dataset={keep(catalogue, cases, 'other')}")
    assert_refused(other, 400, "invalid_request", "series", "basicmotions")
    assert studio_server.http.get(f"{MODEL}/map?dataset={'0' * 32}").status_code == 404
    assert studio_server.http.get(f"{MODEL}/map?version=9").status_code == 404
    for query in ("dataset=x", "version=0", "version=x", "colour=red"):
        refused = studio_server.http.get(f"{MODEL}/map?{query}")
        assert_refused(refused, 400, "invalid_request", query.partition("=")[0])


@pytest.fixture(scope="module")
def plain(plain_repository: Path) -> Studio:
    """A studio beside bundles that are no VAE's; without a server."""
    serving = Serving(Settings(models=plain_repository))
    serving.repository = serving.repository.refresh(1)
    return Studio(serving, StudioSettings(plain_repository.parent))


@pytest.mark.parametrize(
    ("name", "dataset", "said"),
    [
        ("generator", None, "no codes to map"),
        ("generator", "0" * 32, "no codes to map"),
        ("autoencoder", None, "no mixture to draw codes from.*dataset=ID"),
        ("judge", None, "no codes to map"),
    ],
)
def test_models_without_what_a_map_needs(plain: Studio, name: str, dataset: str | None, said: str):
    with pytest.raises(Unsupported, match=said):
        asyncio.run(map_codes(plain, name, None, dataset))


def test_a_plane_is_where_codes_vary_most_and_the_same_whoever_finds_it():
    random = np.random.default_rng(0)
    latent = random.normal(size=(500, 6)) * [0.1, 3.0, 0.1, 0.5, 0.1, 0.1]
    plane = find_plane(latent)
    assert np.abs(plane.axes).argmax(axis=1).tolist() == [1, 3]
    assert plane.axes[0, 1] > 0.9 and plane.axes[1, 3] > 0.9  # and not -0.9
    assert np.allclose(find_plane(latent[::-1]).axes, plane.axes)
    assert plane.explained.sum() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("shape", "kept"), [((1, 4), 0), ((2, 4), 1), ((9, 1), 1), ((9, 2), 2)])
def test_a_plane_of_few_codes_or_few_dimensions(shape: tuple[int, int], kept: int):
    plane = find_plane(np.random.default_rng(0).normal(size=shape))
    assert plane.axes.shape == (2, shape[1]) and np.isfinite(plane.axes).all()
    assert (plane.spread > 1e-9).sum() == kept
    assert plane.explained.sum() == pytest.approx(1 if kept else 0)

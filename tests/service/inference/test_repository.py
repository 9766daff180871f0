"""Bundles are unloaded and loaded while serving, by every worker, until told otherwise or a newer version comes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bundle.engine.sessions import Runtime
from bundle.repository import Repository
from bundle.unloading import load, unload
from tests.service.bundles import publish_copy
from tests.service.inference.conversation import build_tensor, infer
from tests.service.server import Server, run_server, wait_until

ASKED = (build_tensor("n_per_class", [1]), build_tensor("seed", [1]))


@pytest.fixture(scope="module")
def root(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of its own, of `one` and `two`."""
    root = tmp_path_factory.mktemp("two")
    for name in ("one", "two"):
        publish_copy(repository / "sines" / "1", root, name, 1)
    return root


@pytest.fixture(scope="module")
def two_workers(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two workers."""
    with run_server(tmp_path_factory.mktemp("workers"), root, workers=2, refresh_seconds=0.1, threads=1) as running:
        yield running


def post(server: Server, path: str, **document: Any) -> Any:
    """The answer to a repository request."""
    response = server.http.post(f"/v2/repository/{path}", json=document)
    assert response.status_code == 200, response.text
    return response.json()


def read_states(server: Server) -> dict[str, str]:
    """The state of every model's newest version, by name."""
    return {entry["name"]: entry["state"] for entry in post(server, "index")}


def is_everywhere(server: Server, name: str, status: int) -> bool:
    """Whether every one of many new connections, which go to either worker, is answered with a status."""
    asked = [server.http.get(f"/v2/models/{name}/ready", headers={"connection": "close"}) for _ in range(20)]
    return {response.status_code for response in asked} == {status}


def test_a_bundle_goes_with_all_its_operations_on_every_worker_and_comes_back(two_workers: Server):
    assert infer(two_workers, "one.sample", *ASKED).status_code == 200
    post(two_workers, "models/one.sample/unload", parameters={"unload_dependents": False})
    wait_until(lambda: is_everywhere(two_workers, "one.encode", 404), 10, "every worker to unload it")
    assert "there is: two" in infer(two_workers, "one.sample", *ASKED).json()["error"]
    assert infer(two_workers, "two.sample", *ASKED).status_code == 200
    known = read_states(two_workers)
    assert known["one.sample"] == known["one.encode"] == "UNAVAILABLE" and known["two.encode"] == "READY"
    assert {entry["name"].split(".")[0] for entry in post(two_workers, "index", ready=True)} == {"two"}
    reasons = {entry["reason"] for entry in post(two_workers, "index") if entry["state"] == "UNAVAILABLE"}
    assert reasons == {"it was unloaded on request; load it to have it served again."}
    post(two_workers, "models/one/load")
    wait_until(lambda: is_everywhere(two_workers, "one.encode", 200), 10, "every worker to load it")
    assert infer(two_workers, "one.sample", *ASKED).status_code == 200


def test_a_newer_version_is_served_whatever_was_unloaded(two_workers: Server, root: Path, repository: Path):
    post(two_workers, "models/two/unload")
    publish_copy(repository / "sines" / "1", root, "two", 2)
    wait_until(
        lambda: is_everywhere(two_workers, "two.encode/versions/2", 200), 10, "every worker to load the new version"
    )
    wait_until(
        lambda: is_everywhere(two_workers, "two.encode/versions/1", 404), 10, "every worker to unload the old one"
    )
    assert infer(two_workers, "two.sample", *ASKED).json()["model_version"] == "2"
    post(two_workers, "models/two/load", parameters={})
    wait_until(
        lambda: is_everywhere(two_workers, "two.encode/versions/1", 200), 10, "every worker to load the old one too"
    )


def test_what_a_bundle_was_not_published_with_is_not_loaded(two_workers: Server):
    for name in ("config", "file:1/model.onnx"):
        response = two_workers.http.post("/v2/repository/models/one/load", json={"parameters": {name: "{}"}})
        assert response.status_code == 400 and "as it was published" in response.json()["error"]
    response = two_workers.http.post("/v2/repository/models/one/load", json={"parameters": 3})
    assert response.status_code == 400


def test_a_mark_outlives_the_server(repository: Path, tmp_path: Path):
    shutil.copytree(repository / "sines", tmp_path / "sines")
    unload(tmp_path, "sines", 1)
    again = Repository(tmp_path, Runtime("cpu", 1)).refresh()
    assert not again.bundles and again.refused["sines", 1].on_request
    load(tmp_path, "sines")
    assert again.refresh().list_versions("sines") == [1]

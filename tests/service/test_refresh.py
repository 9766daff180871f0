"""Versions come and go while the server answers, and no request notices."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.breaking import change_graph, change_manifest, loop_for_ever
from tests.service.bundles import Labelled, publish_copy
from tests.service.server import Server, call_at_once, run_server, wait_until

Changing = tuple[Server, Path]


@pytest.fixture(scope="module")
def changing(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    """A server whose repository the tests change, each under a name of its own."""
    root = tmp_path_factory.mktemp("changing")
    publish_copy(repository / "sines" / "1", root, "steady", 1)
    with run_server(tmp_path_factory.mktemp("refreshed"), root, load_seconds=3) as running:
        yield running, root


def _read_versions(server: Server, name: str) -> list[int]:
    cards = server.get("/models")["models"]
    return next((card["versions"] for card in cards if card["name"] == name), [])


def _wait_until_served(server: Server, name: str, versions: list[int]) -> None:
    wait_until(lambda: _read_versions(server, name) == versions, seconds=5, what=f"{name} at {versions}")


def _act_under_load(server: Server, requests: list[dict[str, Any]], action: Callable[[], None]) -> list[list[tuple]]:
    """Status and version of every answer to `requests`, sent without a pause, each by a thread, during `action`."""
    done = threading.Event()

    def load(request: dict[str, Any]) -> list[tuple]:
        fields = dict(request)
        operation = fields.pop("operation")
        seen = []
        while not done.is_set():
            response = server.post(operation, **fields)
            seen.append((response.status_code, response.json().get("version")))
        return seen

    def acting() -> list[tuple]:
        try:
            action()
        finally:
            done.set()
        return []

    return call_at_once([*(lambda request=request: load(request) for request in requests), acting])[:-1]


def _build_requests(name: str, cases: Labelled) -> list[dict[str, Any]]:
    series = {"model": name, "series": cases.series[:4]}
    return [
        {"operation": "encode", **series},
        {"operation": "classify", **series, "with_": ["typicality"]},
        {"operation": "sample", "model": name, "n_per_class": 3},
        {"operation": "augment", **series, "labels": cases.labels[:4], "strategy": {"factor": 3.0}},
        {"operation": "reconstruct", **series, "model": f"{name}/1"},
    ]


def test_a_new_version_is_taken_up_within_two_seconds_and_no_request_fails(
    changing: Changing, repository: Path, cases: Labelled
):
    server, root = changing
    publish_copy(repository / "sines" / "1", root, "renewed", 1)
    _wait_until_served(server, "renewed", [1])
    seconds = []

    def action() -> None:
        publish_copy(repository / "sines" / "1", root, "renewed", 2)
        start = time.monotonic()
        wait_until(lambda: server.answer("encode", model="renewed", series=cases.series[:1])["version"] == 2, 10, "2")
        seconds.append(time.monotonic() - start)

    *newest, first = _act_under_load(server, _build_requests("renewed", cases), action)
    assert seconds[0] < 2
    for seen in newest:
        versions = [version for _, version in seen]
        assert {status for status, _ in seen} == {200}
        assert versions == sorted(versions) and versions[0] == 1
    assert set(first) == {(200, 1)}


def test_the_version_before_goes_on_answering_the_same(changing: Changing, repository: Path):
    server, root = changing
    publish_copy(repository / "sines" / "1", root, "kept", 1)
    _wait_until_served(server, "kept", [1])
    before = server.post("sample", model="kept", n_per_class=5, seed=1).content
    publish_copy(repository / "sines" / "1", root, "kept", 2)
    _wait_until_served(server, "kept", [1, 2])
    assert server.answer("sample", model="kept", n_per_class=1)["version"] == 2
    assert server.post("sample", model="kept/1", n_per_class=5, seed=1).content == before


@pytest.mark.parametrize("damaged", ["decoder.onnx", "mixture.npz", "probe.npz", "weights.npz"])
def test_a_tampered_version_is_refused_with_the_reason_and_the_old_one_goes_on(
    changing: Changing, repository: Path, cases: Labelled, damaged: str
):
    server, root = changing
    name = "tampered-" + damaged.replace(".", "-")
    publish_copy(repository / "sines" / "1", root, name, 1)
    _wait_until_served(server, name, [1])

    def refusals() -> list[dict[str, Any]]:
        return [refusal for refusal in server.get("/models")["refused"] if refusal["name"] == name]

    def action() -> None:
        publish_copy(repository / "sines" / "1", root, name, 2, damaged)
        wait_until(refusals, seconds=5, what="the refusal")

    for seen in _act_under_load(server, _build_requests(name, cases), action):
        assert set(seen) == {(200, 1)}
    (refusal,) = refusals()
    assert refusal["version"] == 2 and damaged in refusal["reason"] and "SHA-256" in refusal["reason"]
    assert _read_versions(server, name) == [1]
    assert server.post("sample", model=f"{name}/2", n_per_class=1).status_code == 404


def test_a_removed_version_is_retired_and_the_one_before_answers(changing: Changing, repository: Path, cases: Labelled):
    server, root = changing
    for version in (1, 2):
        publish_copy(repository / "sines" / "1", root, "retired", version)
    _wait_until_served(server, "retired", [1, 2])

    def action() -> None:
        shutil.rmtree(root / "retired" / "2")
        _wait_until_served(server, "retired", [1])

    for seen in _act_under_load(server, _build_requests("retired", cases), action):
        assert {status for status, _ in seen} == {200}
    assert server.answer("encode", model="retired", series=cases.series[:1])["version"] == 1
    assert server.post("encode", model="retired/2", series=cases.series[:1]).status_code == 404


def test_the_newest_three_versions_are_served(changing: Changing, repository: Path):
    server, root = changing
    for version in (1, 2, 3, 10):
        publish_copy(repository / "sines" / "1", root, "many", version)
    _wait_until_served(server, "many", [2, 3, 10])
    assert server.answer("sample", model="many", n_per_class=1)["version"] == 10


def test_half_a_bundle_is_neither_served_nor_refused_before_it_is_moved_into_place(
    changing: Changing, repository: Path
):
    server, root = changing
    (root / "steady" / ".tmp-half").mkdir()
    shutil.copy(repository / "sines" / "1" / "manifest.json", root / "steady" / ".tmp-half")
    publish_copy(repository / "sines" / "1", root, "after-half", 1)
    _wait_until_served(server, "after-half", [1])
    listing = server.get("/models")
    assert _read_versions(server, "steady") == [1]
    assert not [refusal for refusal in listing["refused"] if refusal["name"] == "steady"]


def test_bundles_that_are_absurd_are_refused_one_by_one_and_no_other_waits_for_them(
    changing: Changing, repository: Path, cases: Labelled
):
    server, root = changing
    source = repository / "sines" / "1"

    def label(raw: dict[str, Any]) -> dict[str, Any]:
        raw["classes"][0]["label"] = 10**19
        return raw

    def action() -> None:
        endless = publish_copy(source, root.parent / f"{root.name}-aside", "absurd-loop", 1)
        change_graph(endless, "decoder.onnx", loop_for_ever)
        shutil.copytree(endless.parent, root / "absurd-loop")
        change_manifest(publish_copy(source, root, "absurd-label", 1), label)
        change_manifest(publish_copy(source, root, "absurd-steps", 1), lambda raw: raw | {"texture_steps": 10**9})
        fifo = publish_copy(source, root, "absurd-fifo", 1) / "weights.npz"
        fifo.unlink()
        os.mkfifo(fifo)
        publish_copy(source, root, "after-absurd", 1)
        _wait_until_served(server, "after-absurd", [1])
        wait_until(lambda: len(_read_refusals(server, "absurd-")) == 4, seconds=30, what="all refusals")

    for seen in _act_under_load(server, _build_requests("steady", cases), action):
        assert set(seen) == {(200, 1)}
    reasons = {refusal["name"]: refusal["reason"] for refusal in _read_refusals(server, "absurd-")}
    assert "not loaded within 3 s" in reasons["absurd-loop"]
    assert "64 bits" in reasons["absurd-label"]
    assert "texture_steps" in reasons["absurd-steps"]
    assert "no regular file" in reasons["absurd-fifo"]


def _read_refusals(server: Server, prefix: str) -> list[dict[str, Any]]:
    return [refusal for refusal in server.get("/models")["refused"] if refusal["name"].startswith(prefix)]


def test_a_models_folder_that_is_moved_away_and_back_costs_no_request(changing: Changing, cases: Labelled):
    server, root = changing

    def action() -> None:
        aside = root.rename(root.with_name("moved-away"))
        log = next(root.parent.glob("refreshed*/server.log"))
        wait_until(lambda: "cannot be read" in log.read_text(), seconds=10, what="the error in the log")
        time.sleep(2)  # four refreshes more, none of which may say it again
        aside.rename(root)
        wait_until(lambda: "can be read again" in log.read_text(), seconds=10, what="the end of it in the log")
        assert log.read_text().count("the model repository cannot be read") == 1

    for seen in _act_under_load(server, _build_requests("steady", cases), action):
        assert set(seen) == {(200, 1)}

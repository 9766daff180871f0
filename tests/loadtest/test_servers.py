"""Servers are described in full, checked before they are measured, and refused in a sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest

from loadtest import soak
from loadtest.cells import check, prepared, python_client, said_by
from loadtest.environments import environment
from loadtest.ours import WIRES, ours
from loadtest.payloads import series
from loadtest.peering import described, peers
from loadtest.peers.graph import classifier
from loadtest.server import NotRun, Running, Server, running
from loadtest.targets import RATIOS
from loadtest.wire import Message

HERE = Path(sys.executable).parent


@pytest.mark.parametrize("name", sorted(peers()))
def test_a_peer_is_a_folder_with_all_that_it_takes(name: str):
    server, folder = described(name), peers()[name]
    assert (folder / "app.py").is_file() and server.wires and server.setting
    pinned = (folder / "requirements.txt").read_text().split()
    assert "--constraint" in pinned or all("==" in line for line in pinned)
    assert sum("onnxruntime" in line for line in pinned) == 1


def test_targets_name_peers_and_wires_that_there_are():
    wires = {(server.name, wire.name) for server in map(described, peers()) for wire in server.wires}
    assert {(ratio.peer, ratio.peer_wire) for ratio in RATIOS} <= wires
    assert {ratio.wire for ratio in RATIOS} <= {wire.name for wire in WIRES}


def test_a_server_that_ends_before_it_is_ready_is_not_run():
    server = Server("short", (sys.executable, "-c", "print('no such port')"), "/", (), "")
    with pytest.raises(NotRun, match="ended with 0 before it was ready: no such port"), running(server, HERE):
        pass


def test_an_environment_that_cannot_be_made_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a file").touch()
    monkeypatch.setattr("loadtest.environments.ENVIRONMENTS", tmp_path / "a file")
    monkeypatch.setattr("loadtest.environments.ROOT", tmp_path)
    folder = tmp_path / "peer"
    folder.mkdir()
    (folder / "requirements.txt").touch()
    with pytest.raises(NotRun, match="environment could not be made"):
        environment(folder)


@pytest.fixture(scope="module")
def up() -> Iterator[Running]:
    with running(ours(wires=WIRES[:1]), HERE) as started:
        yield started


def test_our_answers_are_onnxruntimes(up: Running, tmp_path: Path):
    data = series()
    ready = prepared(up, WIRES[0], data, classifier()(data), tmp_path)
    said = said_by(
        python_client("loadtest.clients.http_loop", port=up.http, requests=ready.requests, clients=8, seconds=0.5)
    )
    assert list(said["statuses"]) == ["200"] and said["requests"] > 50


def test_an_answer_that_is_off_is_refused(up: Running):
    data = series(2)
    with pytest.raises(NotRun, match="differ from onnxruntime"):
        check(up, WIRES[0], data, classifier()(data) + np.float32(1e-4))
    with pytest.raises(NotRun, match="shape"):
        check(up, WIRES[0], data, classifier()(data)[:1])


def test_the_soaks_requests_are_all_answered(up: Running):
    kinds = set()
    for request in soak.mixed(up.http, 200):
        head, body = request.split(b"\r\n\r\n", 1)
        path = head.split()[1].decode()
        if path not in kinds:
            kinds.add(path)
            up._posted(path, Message({"content-type": "application/json"}, body))
            assert orjson.loads(body)["model"] == "gunpoint"
    assert kinds == {"/classify", "/encode", "/reconstruct", "/sample", "/augment"}

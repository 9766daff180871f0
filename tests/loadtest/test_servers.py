"""Servers are described in full, checked before they are measured, and refused in a sentence."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from loadtest.cells import build_client_command, check, prepare, run_client
from loadtest.environments import install_environment
from loadtest.ours import WIRES, describe_ours
from loadtest.payloads import make_series
from loadtest.peering import describe_peer, find_peers
from loadtest.peers.graph import open_classifier
from loadtest.server import NotRun, Running, Server, run_server
from loadtest.soak import over_grpc, over_http
from loadtest.soak.__main__ import ask_alone
from loadtest.soak.asking import Asker, Tally
from loadtest.soak.questions import COLUMNS, Question, list_questions
from loadtest.targets import RATIOS
from loadtest.wire import Array

HERE = Path(sys.executable).parent


@pytest.mark.parametrize("name", sorted(find_peers()))
def test_a_peer_is_a_folder_with_all_that_it_takes(name: str):
    server, folder = describe_peer(name), find_peers()[name]
    assert (folder / "app.py").is_file() and server.wires and server.setting
    pinned = (folder / "requirements.txt").read_text().split()
    assert "--constraint" in pinned or all("==" in line for line in pinned)
    assert sum("onnxruntime" in line for line in pinned) == 1


def test_targets_name_peers_and_wires_that_there_are():
    wires = {(server.name, wire.name) for server in map(describe_peer, find_peers()) for wire in server.wires}
    assert {(ratio.peer, ratio.peer_wire) for ratio in RATIOS} <= wires
    assert {ratio.wire for ratio in RATIOS} <= {wire.name for wire in WIRES}


def test_a_server_that_ends_before_it_is_ready_is_not_run():
    server = Server("short", (sys.executable, "-c", "print('no such port')"), "/", (), "")
    with pytest.raises(NotRun, match="ended with 0 before it was ready: no such port"), run_server(server, HERE):
        pass


def test_an_environment_that_cannot_be_made_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a file").touch()
    monkeypatch.setattr("loadtest.environments.ENVIRONMENTS", tmp_path / "a file")
    monkeypatch.setattr("loadtest.environments.ROOT", tmp_path)
    folder = tmp_path / "peer"
    folder.mkdir()
    (folder / "requirements.txt").touch()
    with pytest.raises(NotRun, match="environment could not be made"):
        install_environment(folder)


@pytest.fixture(scope="module")
def up() -> Iterator[Running]:
    with run_server(describe_ours(wires=WIRES[:1]), HERE) as started:
        yield started


def test_our_answers_are_onnxruntimes(up: Running, tmp_path: Path):
    data = make_series()
    ready = prepare(up, WIRES[0], data, open_classifier()(data), tmp_path)
    said = run_client(
        build_client_command(
            "loadtest.clients.http_loop", port=up.http, requests=ready.requests, clients=8, seconds=0.5
        )
    )
    assert list(said["statuses"]) == ["200"] and said["requests"] > 50


def test_an_answer_that_is_off_is_refused(up: Running):
    data = make_series(2)
    with pytest.raises(NotRun, match="differ from onnxruntime"):
        check(up, WIRES[0], data, open_classifier()(data) + np.float32(1e-4))
    with pytest.raises(NotRun, match="shape"):
        check(up, WIRES[0], data, open_classifier()(data)[:1])


def test_a_soak_asks_every_operation_over_every_wire_and_knows_a_wrong_answer(up: Running):
    """One question of each kind: what every wire answers is what JSON answers, and onnxruntime where it classifies."""
    first = {question.kind: question for question in list_questions()}.values()
    exchanges = [one for question in first for over in (over_http, over_grpc) for one in over.list_exchanges(question)]
    wires = {"JSON", "octet-stream", "Arrow", "v2 JSON", "v2 binary", "gRPC", "v2 gRPC"}
    for question in first:
        streamed = {"JSON lines", "gRPC stream"} if question.operation in ("sample", "augment") else set()
        assert {one.wire for one in exchanges if one.question is question} == wires | streamed
    assert {question.operation for question in first} == set(COLUMNS)

    async def ask() -> tuple[Tally, Tally, dict[Question, Array]]:
        asker = Asker(up.http, up.grpc)
        expected = await ask_alone(asker, exchanges)
        right, wrong = Tally(), Tally()
        for one in exchanges:
            await asker.account(one, expected, perf_counter(), right)
            off = {one.question: expected[one.question] * np.float32(1.001)}
            await asker.account(one, off, perf_counter(), wrong)
        await asker.close()
        return right, wrong, expected

    right, wrong, expected = asyncio.run(ask())
    assert right.counts == {"right": len(exchanges)}, right.notes
    assert wrong.counts == {"wrong": len(exchanges)}
    for question, answer in expected.items():
        if question.operation == "classify":
            assert np.abs(answer - open_classifier()(question.fields["series"])).max() < 1e-5


def test_a_soak_counts_what_nobody_answers_as_lost():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

        async def ask() -> Tally:
            asker, tally = Asker(port, port), Tally()
            for over in (over_http, over_grpc):
                await asker.account(over.list_exchanges(list_questions()[0])[0], {}, perf_counter(), tally)
            await asker.close()
            return tally

        assert asyncio.run(ask()).counts == {"lost": 2}

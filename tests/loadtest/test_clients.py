"""What the clients say of a server is what that server did."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from loadtest import requests_file
from loadtest.cells import Prepared, build_client_command, measure_cell, run_client
from loadtest.ours import WIRES, describe_ours
from loadtest.requests_file import encode_http_request
from loadtest.server import NotRun, Running
from loadtest.wire import Message
from tests.loadtest.fake_server import Answer, run_server

CLIENT = "loadtest.clients.http_loop"


def write_requests(folder: Path, port: int, n: int = 4) -> Path:
    """Requests whose bodies are their numbers."""
    path = folder / "requests"
    requests_file.write(path, [encode_http_request("POST", "/x", Message({}, b"%d" % i), port) for i in range(n)])
    return path


def test_requests_are_read_as_they_were_written(tmp_path: Path):
    requests = [b"", b"\r\n\0", b"x" * 70_000]
    requests_file.write(tmp_path / "requests", requests)
    assert list(requests_file.read(tmp_path / "requests")) == requests


def test_the_closed_client_tells_statuses_apart(tmp_path: Path):
    turn = itertools.count()
    with run_server(lambda _: (429 if next(turn) % 4 == 0 else 200, b"{}")) as port:
        load = {"clients": 1, "seconds": 0.3}
        said = run_client(build_client_command(CLIENT, port=port, requests=write_requests(tmp_path, port), **load))
    good, refused = said["statuses"]["200"]["requests"], said["statuses"]["429"]["requests"]
    assert good > 10 and abs(good - 3 * refused) <= 3
    assert said["cpu_seconds"] > 0 and said["unanswered"] <= 1


def test_bodies_take_turns(tmp_path: Path):
    bodies: list[bytes] = []

    def answer(body: bytes) -> tuple[int, bytes]:
        bodies.append(body)
        return 200, b"{}"

    with run_server(answer) as port:
        run_client(
            build_client_command(CLIENT, port=port, requests=write_requests(tmp_path, port), clients=1, seconds=0.1)
        )
    assert bodies[:5] == [b"0", b"1", b"2", b"3", b"0"]


def test_the_open_client_charges_a_stall_to_every_request_that_was_due_meanwhile(tmp_path: Path):
    """One stall of 0.3 s in 0.6 s: a client that waited would call a single request late, not half of them."""
    begun: list[float] = []

    def stalling(_: bytes) -> tuple[int, bytes]:
        begun.append(time.monotonic())
        time.sleep(max(0.0, begun[0] + 0.3 - time.monotonic()))
        return 200, b"{}"

    with run_server(stalling) as port:
        load = {"clients": 2, "seconds": 0.6, "rate": 200}
        said = run_client(build_client_command(CLIENT, port=port, requests=write_requests(tmp_path, port), **load))
    assert said["requests"] > 80
    assert said["p50_ms"] > 1 and 200 < said["p99_ms"] < 600


def test_what_is_never_answered_counts_with_its_age(tmp_path: Path):
    def late(_: bytes) -> tuple[int, bytes]:
        time.sleep(1)
        return 200, b"{}"

    with run_server(late) as port:
        load = {"clients": 1, "seconds": 0.3, "rate": 100}
        said = run_client(build_client_command(CLIENT, port=port, requests=write_requests(tmp_path, port), **load))
    assert said["statuses"] == {} and said["unanswered"] == said["requests"] > 10
    assert 200 < said["max_ms"] <= 310


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
@pytest.mark.parametrize(("answer", "fails"), [(lambda _: (200, b"{}"), False), (lambda _: (503, b"{}"), True)])
def test_a_cell_with_answers_other_than_200_is_no_cell(tmp_path: Path, answer: Answer, fails: bool):
    with run_server(answer) as port, subprocess.Popen(["sleep", "60"]) as process:
        running, ready = (
            Running(describe_ours(), process, port, 0, 0.0),
            Prepared(WIRES[0], write_requests(tmp_path, port)),
        )
        try:
            if fails:
                with pytest.raises(NotRun, match="requests failed"):
                    measure_cell(running, ready, 2, 0, 1)
            else:
                outcome = measure_cell(running, ready, 2, 0, 1)
                assert outcome.requests > 10 and 0 < outcome.p50_ms <= outcome.p99_ms and outcome.client_us > 0
        finally:
            process.kill()

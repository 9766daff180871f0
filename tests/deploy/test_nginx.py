"""Two real servers behind a real nginx, by deploy/nginx/nginx.conf: what goes through, what a lost server costs."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from loadtest.nginx import CONFIGURATION, find_nginx, run_nginx
from seriesmith import Client, SeriesmithClientError, Unavailable
from service.operations import OPERATIONS
from service.settings import Settings
from tests.service.bundles import Labelled
from tests.service.server import Server, find_children, run_server, wait_until

CLIENTS = 8


def test_the_example_knows_every_operation_and_the_limits_of_the_server() -> None:
    text = CONFIGURATION.read_text()
    [named] = re.findall(r"location ~ \^/\((.+)\)\$ \{", text)
    assert sorted(named.split("|")) == sorted(OPERATIONS)
    [size] = re.findall(r"^    client_max_body_size (\d+)m;", text, re.M)
    assert int(size) * 2**20 == Settings().max_body_bytes
    [seconds] = re.findall(r"proxy_read_timeout (\d+)s;", text)
    assert int(seconds) > Settings().timeout_seconds


@dataclass(frozen=True)
class Pair:
    """Two servers, and the same over nginx."""

    servers: list[Server]
    front: Server
    folder: Path

    def name(self, scheme: str) -> str:
        return self.front.url if scheme == "http" else f"grpc://{self.front.grpc}"

    def read_log(self) -> str:
        return (self.folder / "seriesmith.log").read_text()


@contextmanager
def run_pair(folder: Path, models: Path, **settings: Any) -> Iterator[Pair]:
    with ExitStack() as stack:
        servers = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            servers.append(stack.enter_context(run_server(folder / name, models, **settings)))
        (folder / "nginx").mkdir()
        addresses = [(httpx.URL(one.url).port or 0, int(one.grpc.rpartition(":")[2])) for one in servers]
        http, rpc = stack.enter_context(run_nginx(folder / "nginx", addresses))
        front = Server(f"http://127.0.0.1:{http}", grpc=f"127.0.0.1:{rpc}")
        stack.callback(front.http.close)
        wait_until(lambda: _is_ready(front), 10, "nginx")
        yield Pair(servers, front, folder / "nginx")


def _is_ready(server: Server) -> bool:
    try:
        return server.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


needs_nginx = pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (apt-get install nginx)")


@pytest.fixture(scope="module")
def pair(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with run_pair(tmp_path_factory.mktemp("pair"), repository, access_log="all") as running:
        yield running


@pytest.mark.long
@needs_nginx
def test_a_seed_gives_the_same_bits_from_both_servers_over_both_transports(pair: Pair) -> None:
    asked = {"model": "sines", "counts": {"2": 5, "1": 3}, "seed": 7}
    answers = [one.answer("sample", **asked) for one in (*pair.servers, pair.front, pair.front, pair.front)]
    assert all(answer == answers[0] for answer in answers)
    for scheme in ("http", "grpc"):
        with Client(pair.name(scheme)) as client:
            for _ in range(4):
                got = client.sample(counts={"2": 5, "1": 3}, model="sines", seed=7)
                assert np.array_equal(got.series, np.asarray(answers[0]["series"], np.float32))
    assert len(set(re.findall(r'"upstream": "(.+?)"', wait_for_lines(pair)))) == 4, "all four ports were used"


def wait_for_lines(pair: Pair) -> str:
    """nginx's log, once it is written: a second after the requests."""
    known = -1

    def settle() -> bool:
        nonlocal known
        before, known = known, len(pair.read_log())
        time.sleep(1.1)
        return before == known > 0

    wait_until(settle, 15, "nginx's log")
    return pair.read_log()


@pytest.mark.long
@needs_nginx
def test_ids_pass_and_are_made_where_there_is_none(pair: Pair, cases: Labelled) -> None:
    sent = {"model": "sines", "series": cases.series[:1].tolist()}
    answer = pair.front.http.post("/classify", json=sent, headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    made = pair.front.http.post("/classify", json=sent).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    log = wait_for_lines(pair)
    written = "".join((pair.folder.parent / name / "server.log").read_text() for name in ("first", "second"))
    assert all(f'"request_id": "{one}"' in log for one in ("mine-1", made))
    assert all(one in written for one in ("mine-1", made))


@pytest.mark.long
@needs_nginx
def test_streams_go_on_as_they_come_and_refusals_pass(pair: Pair) -> None:
    with Client(pair.front.url) as client:
        start = time.monotonic()
        arrivals = [time.monotonic() - start for _ in client.sample_stream({"2": 20_000}, model="sines", seed=1)]
    assert len(arrivals) > 3 and arrivals[0] < 0.5 * arrivals[-1]
    refused = pair.front.post("classify", model="nothing", series=[[[1.0]]])
    assert refused.status_code == 404 and refused.json()["error"]["code"]
    large = pair.front.http.post("/classify", content=b"0" * (Settings().max_body_bytes + 1))
    assert large.status_code == 413


@dataclass
class Load:
    """What became of the requests of clients that send without a pause."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def load(address: str, series: np.ndarray, retries: int = 0) -> Iterator[Load]:
    """Clients that classify, each sending its next request when the last is answered, until the block ends."""
    seen = Load()

    def run() -> None:
        with Client(address, retries=retries) as client:
            while not seen.ended.is_set():
                try:
                    client.classify(series, model="sines")
                    seen.answered += 1
                except SeriesmithClientError as error:
                    seen.failed.append(repr(error))

    threads = [threading.Thread(target=run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    wait_until(lambda: seen.answered > 10 * CLIENTS, 20, "some answers")
    try:
        yield seen
    finally:
        seen.ended.set()
        for thread in threads:
            thread.join(40)


@pytest.mark.long
@needs_nginx
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_stops_loses_no_request(repository: Path, tmp_path: Path, cases: Labelled, scheme: str) -> None:
    with run_pair(tmp_path, repository, drain_seconds=1) as pair:
        with load(pair.name(scheme), cases.series[:1]) as seen:
            os.kill(pair.servers[0].pid, signal.SIGTERM)
            wait_until(lambda: pair.servers[0].http.get("/readyz").status_code == 503, 5, "/readyz to say no")
            wait_until(lambda: not find_children(pair.servers[0].pid), 20, "the server's end")
            before = seen.answered
            wait_until(lambda: seen.answered > before + 100, 20, "answers of the other one")
        assert seen.failed == []


@pytest.mark.long
@needs_nginx
@pytest.mark.parametrize(("scheme", "retries", "most"), [("http", 0, 0), ("grpc", 0, CLIENTS), ("grpc", 5, 0)])
def test_a_killed_server_loses_what_it_had_in_flight_at_most(
    repository: Path, tmp_path: Path, cases: Labelled, scheme: str, retries: int, most: int
) -> None:
    """And over HTTP not even that, of operations that only compute: nginx asks the other one. Of gRPC, clients do."""
    with run_pair(tmp_path, repository) as pair:
        with load(pair.name(scheme), cases.series, retries) as seen:
            kill(pair.servers[0].pid)
            before = seen.answered
            wait_until(lambda: seen.answered > before + 100, 20, "answers of the other one")
        assert len(seen.failed) <= most
        assert all(failure.startswith("Unreachable") for failure in seen.failed)


@pytest.mark.long
@needs_nginx
def test_where_no_server_answers_callers_are_told_in_the_servers_form(repository: Path, tmp_path: Path) -> None:
    with run_pair(tmp_path, repository) as pair:
        for one in pair.servers:
            kill(one.pid)
        answer = pair.front.http.get("/models")
        assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
        with Client(pair.front.url, retries=0) as client, pytest.raises(Unavailable):
            client.classify(np.zeros((1, 2, 64), np.float32), model="sines")


def kill(pid: int) -> None:
    """The supervisor first, so that it replaces no worker; all within a millisecond."""
    for one in (pid, *find_children(pid)):
        os.kill(one, signal.SIGKILL)

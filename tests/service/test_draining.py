"""A server that is told to stop turns unready first, answers on for a while, and loses nothing that it took."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import httpx

from tests.service.bundles import Labelled
from tests.service.server import Server, run_server, wait_until


def find_worker(folder: Path) -> int:
    """The process that answers: it keeps the lane's thread."""
    for task in Path("/proc").glob("[0-9]*"):
        try:
            if (
                str(folder).encode() in (task / "environ").read_bytes()
                and b"worker.service" in (task / "cmdline").read_bytes()
            ):
                return int(task.name)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    raise AssertionError("no worker of this server runs")


def test_readiness_turns_first_and_clients_that_ask_lose_nothing(repository: Path, tmp_path: Path, cases: Labelled):
    with run_server(tmp_path, repository, drain_seconds=1.5) as server:
        codes: list[int] = []
        seen_unready = threading.Event()

        def careful() -> None:
            """Asks before every request, as a load balancer does for its clients."""
            own = Server(server.url)
            while own.http.get("/readyz").status_code == 200:
                codes.append(own.post("classify", model="sines", series=cases.series[:1]).status_code)
            seen_unready.set()

        threads = [threading.Thread(target=careful) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(codes) > 50, seconds=20, what="some answers")
        worker = find_worker(tmp_path)
        os.kill(worker, signal.SIGTERM)
        assert seen_unready.wait(1)
        late = server.post("classify", model="sines", series=cases.series[:1])
        assert late.status_code == 200 and late.headers["connection"] == "close"
        for thread in threads:
            thread.join(10)
        assert set(codes) == {200}


def test_a_long_request_that_was_taken_is_answered(repository: Path, tmp_path: Path):
    with run_server(tmp_path, repository) as server:
        answers: list[httpx.Response] = []
        own = Server(server.url)
        thread = threading.Thread(
            target=lambda: answers.append(own.post("sample", model="sines", n_per_class=800, seed=1))
        )
        thread.start()
        wait_until(lambda: server.read_metrics()["seriesmith_queue_rows"] > 0, seconds=10, what="a request under way")
        start = time.monotonic()
    thread.join(30)
    assert answers[0].status_code == 200 and len(answers[0].json()["series"]) == 2400
    assert time.monotonic() - start < 30

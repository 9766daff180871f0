"""Beside clients that vanish, dawdle, send much or never read, those who work are answered and memory is bounded."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.reliability.ledger import open_ledger
from tests.reliability.load import Payloads, load_steadily, wait_for_answers
from tests.reliability.processes import measure_resident_bytes
from tests.reliability.victim import watch
from tests.service.server import Server, call_at_once, run_server, wait_until

pytestmark = pytest.mark.reliability


def test_clients_that_vanish_leave_no_work_behind(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("40 clients that vanish in the middle of 3 000 samples each, and those who stay")
    with run_server(tmp_path, repository) as server, load_steadily(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, 50)
        content = b'{"model": "sines", "n_per_class": 1000}'
        head = f"POST /sample HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n".encode()
        for _ in range(40):
            with socket.create_connection((server.http.base_url.host, server.http.base_url.port)) as connection:
                connection.sendall(head + content)
                time.sleep(0.05)
        start = time.monotonic()
        wait_until(lambda: _read_waiting_rows(server) < 100, seconds=10, what="an empty queue")
        ledger.notes.append(f"queue empty after {time.monotonic() - start:.1f} s")
    ledger.require_none("wrong", "lost", "refused")


def _read_waiting_rows(server: Server) -> float:
    return server.read_metrics()["seriesmith_queue_rows"]


def test_a_thousand_idle_and_slow_connections(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("1 000 idle and slow connections beside those who work")
    settings: dict[str, Any] = {"head_seconds": 3, "body_seconds": 3, "idle_seconds": 5}
    with run_server(tmp_path, repository, **settings) as server:
        before = measure_resident_bytes(server)
        address = server.http.base_url.host, server.http.base_url.port
        host, port = server.grpc.split(":")
        openings = [b"", b"POST /classify HT", b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"]
        connections = []
        for number in range(1000):
            kind = number % 4
            connections.append(socket.create_connection(address if kind < 3 else (host, int(port)), timeout=20))
            if kind < 3 and openings[kind]:
                connections[-1].sendall(openings[kind])
        with load_steadily(server, payloads, ledger):
            wait_for_answers(ledger, 300)
            deadline = time.monotonic() + 20
            for connection in connections:
                connection.settimeout(max(0.1, deadline - time.monotonic()))
                while connection.recv(4096):
                    pass
                connection.close()
            ledger.notes.append(
                f"memory +{(measure_resident_bytes(server) - before) / 2**20:.0f} MiB; all 1 000 were closed"
            )
    ledger.require_none("wrong", "lost", "refused")


def test_beyond_the_budget_of_bytes_requests_are_refused_and_memory_stays(
    repository: Path, tmp_path: Path, payloads: Payloads
):
    ledger = open_ledger("bodies of 400 MiB at once against a budget of 64 MiB")
    settings: dict[str, Any] = {"max_held_bytes": 64 * 2**20, "max_body_bytes": 16 * 2**20, "max_rows": 40_000}
    with run_server(tmp_path, repository, **settings) as server, load_steadily(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, 50)
        before = measure_resident_bytes(server)
        content = np.zeros((20_000, 2, 64), "<f4").tobytes() + b'{"model": "sines"}'
        head = {"content_type": "application/octet-stream", "seriesmith_shape": "20000,2,64"}
        peak = [0]

        def send() -> int:
            own = Server(server.url)
            try:
                return own.send("classify", content, **head).status_code
            except httpx.TransportError:
                return 0
            finally:
                peak[0] = max(peak[0], measure_resident_bytes(server))
                own.http.close()

        statuses = call_at_once([send] * 40, threads=40)
        assert set(statuses) <= {200, 429}, statuses
        assert 429 in statuses
        ledger.notes.append(
            f"{statuses.count(429)} of 40 large ones refused; memory +{(peak[0] - before) / 2**20:.0f} MiB"
        )
    ledger.require_none("wrong", "lost")


def test_clients_that_never_read_are_cut_off(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("30 clients that send 10 000 series each and never read their 5 MB")
    body = np.zeros((10_000, 2, 64), "<f4").tobytes() + b'{"model": "sines"}'
    shape = b"content-type: application/octet-stream\r\nseriesmith-shape: 10000,2,64\r\n"
    head = b"POST /reconstruct HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n" % (shape, len(body))
    with run_server(tmp_path, repository, write_seconds=3) as server:
        before = measure_resident_bytes(server)
        deaf = []
        with watch(server, tmp_path, payloads.series) as victim:
            for _ in range(30):
                deaf.append(socket.create_connection((server.http.base_url.host, server.http.base_url.port)))
                deaf[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf[-1].sendall(head + body)
            wait_until(
                lambda: server.read_metrics()["seriesmith_connections"] <= 2, seconds=60, what="the end of the deaf"
            )
        victim.account(ledger, measure_resident_bytes(server) - before)
        assert server.read_metrics()["seriesmith_held_bytes"] == 0
        for connection in deaf:
            connection.close()
    ledger.require_none("wrong", "lost")
    assert victim.worst < 1000

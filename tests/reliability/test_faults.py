"""Under steady load on every wire, whatever befalls the server: every request is accounted for."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.errors import BundleError
from models.publish import publish
from tests.reliability.ledger import Ledger, open_ledger
from tests.reliability.load import WIRES, Payloads, steady_load
from tests.reliability.processes import paused, resident_bytes, wait_for_end, workers
from tests.reliability.victim import watched
from tests.service.bundles import published
from tests.service.server import Server, at_once, free_ports, serving, until

pytestmark = pytest.mark.reliability


def wait_for_answers(ledger: Ledger, count: int) -> None:
    """Return when so many requests more have been accounted for."""
    target = ledger.tried + count
    until(lambda: ledger.tried >= target, seconds=60, what=f"{count} more requests")


def test_sigterm_loses_nothing(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("SIGTERM to the server, 14 clients in tight loops")
    with serving(tmp_path, repository) as server, steady_load(server, payloads, ledger, each=2, pause=0):
        wait_for_answers(ledger, 300)
        start = time.monotonic()
        _end(server)
        ledger.notes.append(f"ended {time.monotonic() - start:.1f} s after the signal")
    ledger.require_none("wrong", "lost")


def test_a_killed_worker_is_back_within_five_seconds(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("SIGKILL of the only worker")
    with serving(tmp_path, repository) as server:
        for _ in range(3):
            (worker,) = workers(server)
            with steady_load(server, payloads, ledger):
                wait_for_answers(ledger, 100)
            os.kill(worker, signal.SIGKILL)
            start = time.monotonic()
            until(lambda: _answers(server, payloads), seconds=15, what="an answer after the worker was killed")
            ledger.notes.append(f"back after {time.monotonic() - start:.1f} s")
            assert time.monotonic() - start < 5
            ledger.restarted += 1
        assert server.metrics()["seriesmith_queue_rows"] == 0
    ledger.require_none("wrong", "lost")


def _answers(server: Server, payloads: Payloads) -> bool:
    own = Server(server.url)
    try:
        return own.post("classify", model="sines", series=payloads.series[:1]).status_code == 200
    except httpx.TransportError:
        return False
    finally:
        own.http.close()


def test_requests_under_way_when_a_worker_is_killed_are_reported_and_no_others(
    repository: Path, tmp_path: Path, payloads: Payloads
):
    ledger = open_ledger("SIGKILL of the only worker under load (lost: those it had)")
    with serving(tmp_path, repository) as server, steady_load(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, 100)
        os.kill(workers(server)[0], signal.SIGKILL)
        ledger.restarted += 1
        until(lambda: _answers(server, payloads), seconds=15, what="an answer after the worker was killed")
        wait_for_answers(ledger, 100)
    ledger.require_none("wrong")
    assert ledger.counts["lost"] <= 2 * len(WIRES), "each client had at most one request under way"


def test_a_pause_of_ten_seconds_loses_nothing(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("SIGSTOP of the worker for 10 s")
    with serving(tmp_path, repository) as server, steady_load(server, payloads, ledger, each=2):
        wait_for_answers(ledger, 200)
        with paused(workers(server)[0]):
            time.sleep(10)
        wait_for_answers(ledger, 200)
    ledger.require_none("wrong", "lost")


def test_two_hundred_refreshes_under_load(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("200 new versions while serving")
    root = tmp_path / "models"
    published(repository / "sines" / "1", root, "sines", 1)
    with serving(tmp_path, root, refresh_seconds=0.1) as server, steady_load(server, payloads, ledger, pause=0.05):
        wait_for_answers(ledger, 50)
        for version in range(2, 202):
            published(repository / "sines" / "1", root, "sines", version)
            shutil.rmtree(root / "sines" / str(version - 4), ignore_errors=True)
            if version % 20 == 0:
                _served_until(server, version)
        _served_until(server, 201)
        wait_for_answers(ledger, 50)
    ledger.require_none("wrong", "lost", "refused")


def _served_until(server: Server, version: int) -> None:
    until(lambda: server.get("/models/sines")["version"] == version, seconds=60, what=f"version {version}")


def test_the_models_folder_may_go_and_come_back(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("the models folder removed for 3 s")
    root = tmp_path / "models"
    published(repository / "sines" / "1", root, "sines", 1)
    with serving(tmp_path, root) as server, steady_load(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        root.rename(tmp_path / "elsewhere")
        time.sleep(3)
        (tmp_path / "elsewhere").rename(root)
        wait_for_answers(ledger, 50)
        published(repository / "sines" / "1", root, "sines", 2)
        _served_until(server, 2)
    ledger.require_none("wrong", "lost", "refused")


def test_a_full_disk_while_a_bundle_is_published(repository: Path, tmp_path: Path, tmpfs: Path, payloads: Payloads):
    ledger = open_ledger("the disk of the models full")
    published(repository / "sines" / "1", tmpfs, "sines", 1)
    with serving(tmp_path, tmpfs) as server, steady_load(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        with pytest.raises(BundleError, match=r"[Nn]o space"):
            publish(tmpfs, "sines", {"large.onnx": bytes(2**27)}, lambda version: pytest.fail("never asked"))
        assert sorted(entry.name for entry in (tmpfs / "sines").iterdir()) == ["1"]
        wait_for_answers(ledger, 50)
    ledger.require_none("wrong", "lost", "refused")


def test_a_full_disk_under_the_server(repository: Path, tmp_path: Path, tmpfs: Path, payloads: Payloads):
    ledger = open_ledger("the disk under BENTOML_HOME full")
    with serving(tmpfs, repository) as server, steady_load(server, payloads, ledger):
        wait_for_answers(ledger, 50)
        before = workers(server)
        _fill(tmpfs / "filling")
        wait_for_answers(ledger, 500)
        assert server.http.get("/metrics").status_code == 200
        ledger.restarted += len(set(workers(server)) - set(before))
        (tmpfs / "filling").unlink()
    ledger.require_none("wrong", "lost", "refused")
    assert ledger.restarted == 0


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as handle:
        try:
            while handle.write(bytes(2**16)):
                pass
        except OSError:
            return


def test_clients_that_vanish_leave_no_work_behind(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("40 clients that vanish in the middle of 3 000 samples each, and those who stay")
    with serving(tmp_path, repository) as server, steady_load(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, 50)
        content = b'{"model": "sines", "n_per_class": 1000}'
        head = f"POST /sample HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n".encode()
        for _ in range(40):
            with socket.create_connection((server.http.base_url.host, server.http.base_url.port)) as connection:
                connection.sendall(head + content)
                time.sleep(0.05)
        start = time.monotonic()
        until(lambda: _waiting_rows(server) < 100, seconds=10, what="an empty queue")
        ledger.notes.append(f"queue empty after {time.monotonic() - start:.1f} s")
    ledger.require_none("wrong", "lost", "refused")


def _waiting_rows(server: Server) -> float:
    return server.metrics()["seriesmith_queue_rows"]


def test_a_thousand_idle_and_slow_connections(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("1 000 idle and slow connections beside those who work")
    settings: dict[str, Any] = {"head_seconds": 3, "body_seconds": 3, "idle_seconds": 5}
    with serving(tmp_path, repository, **settings) as server:
        before = resident_bytes(server)
        address = server.http.base_url.host, server.http.base_url.port
        host, port = server.grpc.split(":")
        openings = [b"", b"POST /classify HT", b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"]
        connections = []
        for number in range(1000):
            kind = number % 4
            connections.append(socket.create_connection(address if kind < 3 else (host, int(port)), timeout=20))
            if kind < 3 and openings[kind]:
                connections[-1].sendall(openings[kind])
        with steady_load(server, payloads, ledger):
            wait_for_answers(ledger, 300)
            deadline = time.monotonic() + 20
            for connection in connections:
                connection.settimeout(max(0.1, deadline - time.monotonic()))
                while connection.recv(4096):
                    pass
                connection.close()
            ledger.notes.append(f"memory +{(resident_bytes(server) - before) / 2**20:.0f} MiB; all 1 000 were closed")
    ledger.require_none("wrong", "lost", "refused")


def test_beyond_the_budget_of_bytes_requests_are_refused_and_memory_stays(
    repository: Path, tmp_path: Path, payloads: Payloads
):
    ledger = open_ledger("bodies of 400 MiB at once against a budget of 64 MiB")
    settings: dict[str, Any] = {"max_held_bytes": 64 * 2**20, "max_body_bytes": 16 * 2**20, "max_rows": 40_000}
    with serving(tmp_path, repository, **settings) as server, steady_load(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, 50)
        before = resident_bytes(server)
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
                peak[0] = max(peak[0], resident_bytes(server))
                own.http.close()

        statuses = at_once([send] * 40, threads=40)
        assert set(statuses) <= {200, 429}, statuses
        assert 429 in statuses
        ledger.notes.append(
            f"{statuses.count(429)} of 40 large ones refused; memory +{(peak[0] - before) / 2**20:.0f} MiB"
        )
    ledger.require_none("wrong", "lost")


def test_a_clock_that_jumps_changes_nothing(repository: Path, tmp_path: Path, payloads: Payloads, monkeypatch: Any):
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("needs libfaketime")
    ledger = open_ledger("the wall clock jumps a day ahead and back")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    jumping = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    for name, value in (jumping | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}).items():
        monkeypatch.setenv(name, value)
    with serving(tmp_path, repository) as server:
        for name in jumping:
            monkeypatch.delenv(name)
        with steady_load(server, payloads, ledger):
            for offset in ("+0", "+1d", "-1d", "+0"):
                clock.write_text(offset)
                wait_for_answers(ledger, 150)
    ledger.require_none("wrong", "lost", "refused")


def test_clients_that_never_read_are_cut_off(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("30 clients that send 10 000 series each and never read their 5 MB")
    body = np.zeros((10_000, 2, 64), "<f4").tobytes() + b'{"model": "sines"}'
    shape = b"content-type: application/octet-stream\r\nseriesmith-shape: 10000,2,64\r\n"
    head = b"POST /reconstruct HTTP/1.1\r\nhost: x\r\n%bcontent-length: %d\r\n\r\n" % (shape, len(body))
    with serving(tmp_path, repository, write_seconds=3) as server:
        before = resident_bytes(server)
        deaf = []
        with watched(server, tmp_path, payloads.series) as victim:
            for _ in range(30):
                deaf.append(socket.create_connection((server.http.base_url.host, server.http.base_url.port)))
                deaf[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf[-1].sendall(head + body)
            until(lambda: server.metrics()["seriesmith_connections"] <= 2, seconds=60, what="the end of the deaf")
        victim.account(ledger, resident_bytes(server) - before)
        assert server.metrics()["seriesmith_held_bytes"] == 0
        for connection in deaf:
            connection.close()
    ledger.require_none("wrong", "lost")
    assert victim.worst < 1000


def test_two_instances_are_restarted_in_turn_behind_nginx(repository: Path, tmp_path: Path, payloads: Payloads):
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs nginx")
    ledger = open_ledger("rolling restart of two instances behind nginx")
    front, again = free_ports(2)
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    with ExitStack() as servers:
        first = servers.enter_context(serving(tmp_path / "first", repository, http_port=again))
        second = servers.enter_context(serving(tmp_path / "second", repository))
        balanced = servers.enter_context(_balanced(nginx, tmp_path, front, [first, second], payloads))
        http = [wire for wire in WIRES if "grpc" not in wire]
        with steady_load(balanced, payloads, ledger, wires=http, pause=0.005):
            wait_for_answers(ledger, 200)
            _end(first)
            wait_for_answers(ledger, 200)
            servers.enter_context(serving(tmp_path / "third", repository, http_port=again))
            time.sleep(1)  # for as long as nginx takes a server for failed
            wait_for_answers(ledger, 200)
            _end(second)
            wait_for_answers(ledger, 200)
    ledger.restarted = 2
    ledger.require_none("wrong", "lost", "refused")


def _end(server: Server) -> None:
    os.kill(server.pid, signal.SIGTERM)
    wait_for_end(server.pid, 30)


@contextmanager
def _balanced(nginx: str, folder: Path, port: int, servers: list[Server], payloads: Payloads) -> Iterator[Server]:
    """nginx in front of servers."""
    upstream = [f"server 127.0.0.1:{server.http.base_url.port} max_fails=1 fail_timeout=1s;" for server in servers]
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, upstream=" ".join(upstream), port=port))
    balancer = subprocess.Popen([nginx, "-c", str(configuration), "-p", str(folder)])
    balanced = Server(f"http://127.0.0.1:{port}")
    try:
        until(lambda: _answers(balanced, payloads), seconds=10, what="nginx")
        yield balanced
    finally:
        balanced.http.close()
        balancer.terminate()
        balancer.wait(10)


NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream seriesmith {{
        {upstream}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://seriesmith;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream error timeout http_503 non_idempotent;
        }}
    }}
}}
"""

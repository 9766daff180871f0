"""What only a server shows: it is paused, stopped under load, and configured by BentoML's own means."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import httpx
import orjson
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server, run_server, wait_until
from tests.service.test_draining import find_worker

BENTOML = """
services:
  seriesmith:
    http:
      cors:
        enabled: true
        access_control_allow_origins: ["https://page.example"]
        access_control_allow_methods: ["POST"]
        access_control_allow_headers: ["content-type"]
      response: {trace_id: true}
    logging: {access: {enabled: true}}
    traffic: {max_concurrency: 7}
"""

ORIGIN = {"origin": "https://page.example"}
STRANGER = {"origin": "https://other.example"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server's log is."""
    return tmp_path_factory.mktemp("configured")


@pytest.fixture(scope="module")
def configured(folder: Path, repository: Path) -> Iterator[Server]:
    """A server that BentoML's configuration tells to allow a page, and to log."""
    file = folder / "bentoml.yaml"
    file.write_text(BENTOML)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_CONFIG", str(file))
        with run_server(folder, repository, drain_seconds=1, timeout_seconds=3) as running:
            yield running


def _write_body(cases: Labelled) -> bytes:
    return orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})


def _read_address(server: Server) -> tuple[str, int]:
    url = httpx.URL(server.url)
    return url.host, int(url.port or 0)


def test_pages_of_the_origin_allowed_may_read_answers(configured: Server, cases: Labelled):
    answer = configured.send("classify", _write_body(cases), **ORIGIN)
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"] and "Origin" in answer.headers["vary"]
    assert configured.send("classify", b"{", **ORIGIN).headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert "access-control-allow-origin" not in configured.send("classify", _write_body(cases), **STRANGER).headers
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = configured.http.options("/classify", headers=ORIGIN | asked)
    assert preflight.status_code == 200 and "POST" in preflight.headers["access-control-allow-methods"]
    assert configured.http.options("/classify", headers=STRANGER | asked).status_code == 400


def test_an_access_log_has_a_line_for_each_request(configured: Server, cases: Labelled, folder: Path):
    configured.send("encode", _write_body(cases))
    configured.http.get("/nowhere")

    def logged() -> bool:
        log = (folder / "server.log").read_text()
        return "method=POST,path=/encode,type=application/json,length=" in log and "status=404" in log

    wait_until(logged, seconds=5, what="the log's lines")


def test_settings_without_effect_are_named_at_start(configured: Server, folder: Path):
    log = (folder / "server.log").read_text()
    warnings = [line for line in log.splitlines() if "these act on its own paths alone" in line]
    assert warnings and "traffic.max_concurrency" in warnings[0] and "http.response.trace_id" in warnings[0]
    assert "tracing" not in warnings[0]


def test_a_pause_longer_than_the_keep_alive_loses_no_request(configured: Server, cases: Labelled, folder: Path):
    body = _write_body(cases)
    sent = b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(socket.create_connection(_read_address(configured)))) for _ in range(20)
        ]
        for connection in connections:
            connection.settimeout(30)
            connection.sendall(sent)
            assert _read_status(connection) == 200
        worker = find_worker(folder)
        os.kill(worker, signal.SIGSTOP)
        try:
            for connection in connections:
                connection.sendall(sent)
            time.sleep(6)
        finally:
            os.kill(worker, signal.SIGCONT)
        assert [_read_status(connection) for connection in connections] == [200] * 20


def _read_status(connection: socket.socket) -> int:
    response = HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def test_a_stop_loses_nothing_and_ends_in_time_whoever_is_connected(configured: Server, cases: Labelled):
    body, lost, answered = _write_body(cases), list[str](), [0] * 16

    def ask(number: int) -> None:
        while True:
            connection = HTTPConnection(*_read_address(configured), timeout=30)
            try:
                connection.connect()
            except OSError:
                return  # refused: nothing was sent
            served = False
            try:
                while True:
                    connection.request("POST", "/classify", body)
                    response = connection.getresponse()
                    response.read()
                    assert response.status == 200
                    served = True
                    answered[number] += 1
                    if response.will_close:
                        break
            except (OSError, HTTPException, AssertionError) as error:
                if served:  # the worker had accepted it; what waits in the supervisor's socket is not its to answer
                    lost.append(repr(error))
                return
            finally:
                connection.close()

    with ExitStack() as stack:
        idle, half, slow, deaf = (
            stack.enter_context(closing(socket.create_connection(_read_address(configured)))) for _ in range(4)
        )
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        half.sendall(b"POST /classify HTTP/1.1\r\nho")
        slow.sendall(b"POST /classify HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        stream = b'{"model": "sines", "counts": {"1": 2000000}}'
        deaf.sendall(
            b"POST /sample HTTP/1.1\r\nhost: x\r\naccept: application/x-ndjson\r\ncontent-length: %d\r\n\r\n"
            % len(stream)
            + stream
        )
        assert idle and deaf.recv(100)
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(answered) > 5, seconds=30, what="answers for all clients")
        start = time.monotonic()
        os.kill(configured.pid, signal.SIGTERM)
        for thread in threads:
            thread.join(40)
        wait_until(lambda: not Path(f"/proc/{configured.pid}/exe").exists(), seconds=30, what="the server's end")
        assert time.monotonic() - start < 25
    assert not lost and sum(answered) > 16 * 5

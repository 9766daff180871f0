"""A real server process for tests: `bentoml serve`, its own port, its own folder for what BentoML writes."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np
import orjson

ROOT = Path(__file__).resolve().parents[2]
"""The repository of the code."""

Found = TypeVar("Found")


class Server:
    """How tests talk to a running server."""

    def __init__(self, url: str, headers: dict[str, str] | None = None, pid: int = 0, grpc: str = "") -> None:
        self.url, self.pid, self.grpc = url, pid, grpc
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self.http = httpx.Client(base_url=url, timeout=60, limits=limits, headers=headers, trust_env=False)

    def send(self, operation: str, content: Any, **headers: str) -> httpx.Response:
        """POST bytes as they are."""
        head = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.http.post(f"/{operation}", content=content, headers=head)

    def post(self, operation: str, **fields: Any) -> httpx.Response:
        """POST fields as JSON; a trailing underscore makes a Python keyword a field, arrays become lists."""
        body = {name.rstrip("_"): value for name, value in fields.items()}
        content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY, default=np.ndarray.tolist)
        return self.send(operation, content)

    def answer(self, operation: str, **fields: Any) -> dict[str, Any]:
        """The JSON of an answer that must be good."""
        response = self.post(operation, **fields)
        assert response.status_code == 200, response.text
        answered: dict[str, Any] = response.json()
        return answered

    def get(self, path: str) -> Any:
        """The JSON at a path that must be there."""
        response = self.http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def read_metrics(self) -> dict[str, float]:
        """Our metrics: a line's name and labels, and its value."""
        lines = self.http.get("/metrics").text.splitlines()
        ours = [line.rsplit(" ", 1) for line in lines if line.startswith("seriesmith_")]
        return {name: float(value) for name, value in ours}


@contextmanager
def run_server(
    folder: Path,
    models: Path | str | None,
    key: str = "",
    target: str = "service.app:Seriesmith",
    http_port: int = 0,
    tree: Path = ROOT,
    host: str = "127.0.0.1",
    **settings: object,
) -> Iterator[Server]:
    """A server of the bundles in `models` (a folder or a URL; None: its own); `settings` are SERIESMITH_… variables.

    With a `studio_folder` it has the studio, which takes seconds more to start.

    `target` is the service of the code in `tree`, or a bento's directory. It must end when it is told to.
    """
    port, grpc_port = find_free_ports(2)
    port = http_port or port
    mounted = "studio" if "studio_folder" in settings else "none"
    settings = {"grpc_port": grpc_port, "drain_seconds": 0, "manage_models": "true", "mount": mounted} | settings
    ours = {f"SERIESMITH_{name.upper()}": str(value) for name, value in settings.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SERIESMITH_")}
    bentoml = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(folder / "bentoml")}
    environment = (
        inherited
        | bentoml
        | {"SERIESMITH_MODELS": str(models or ""), "SERIESMITH_API_KEY": key, "SERIESMITH_WORKERS": "1"}
        | ours
    )
    command = [sys.executable, "-m", "bentoml", "serve", target, "--host", host]
    log = folder / "server.log"
    with log.open("wb") as output:
        arguments = [*command, "--port", str(port)]
        # A session of its own, as a server has: in pytest's its fits would wait for whatever else pytest does.
        process = subprocess.Popen(
            arguments,
            cwd=tree if models else folder,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    headers = {"authorization": f"Bearer {key}"} if key else None
    server = Server(f"http://127.0.0.1:{port}", headers, process.pid, f"127.0.0.1:{settings['grpc_port']}")
    try:
        wait_until(
            lambda: process.poll() is not None or _is_ready(server), seconds=90, what=f"a ready server; see {log}"
        )
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        server.http.close()
        _stop(process)


def find_free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below those that the system hands out: no connection takes one meanwhile."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind(("127.0.0.1", random.randrange(15_000, 30_000)))
                ports.append(one.getsockname()[1])
        return ports


def _is_ready(server: Server) -> bool:
    try:
        return server.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; neither it nor a worker of its may be left."""
    workers = find_children(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
        wait_until(lambda: not any(map(_is_alive, workers)), seconds=10, what="the workers' end")
    finally:
        for left in [worker for worker in workers if _is_alive(worker)] + [process.pid] * (process.poll() is None):
            os.kill(left, signal.SIGKILL)


def find_children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    listings = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listing in listings for child in listing.read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(found: Callable[[], Found], seconds: float, what: str) -> Found:
    """What `found` answers once that is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def send_burst(server: Server, operation: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What JSON requests are answered that arrive in one instant, each over its own connection."""
    address = server.http.base_url.host, server.http.base_url.port
    contents = [orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY, default=np.ndarray.tolist) for body in bodies]
    connections = [socket.create_connection(address, timeout=30) for _ in contents]
    # The event loop accepts one connection in each turn, and would answer the request of the one before in each.
    wait_until(lambda: server.read_metrics()["seriesmith_connections"] > len(contents), 5, "all to be accepted")
    workers = find_children(server.pid)
    try:
        for worker in workers:  # else a fast server answers the first before the last is sent
            os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: all(map(_is_stopped, workers)), 5, "the workers to stop")  # they go on for a moment
        for connection, content in zip(connections, contents, strict=True):
            head = f"POST /{operation} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n"
            connection.sendall(head.encode() + content)
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        return [_read_answer(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _read_answer(connection: socket.socket) -> dict[str, Any]:
    response = HTTPResponse(connection)
    response.begin()
    assert response.status == 200, response.read()
    answer: dict[str, Any] = orjson.loads(response.read())
    return answer


def call_at_once(calls: Sequence[Callable[[], Found]], threads: int = 16) -> list[Found]:
    """What the calls answer, made concurrently, in their order."""
    with ThreadPoolExecutor(threads) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]

"""Nobody commands the supervisor; what it starts lives and ends with it, and what cannot start ends in a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from service.supervisor import require_known
from tests.service.bundles import Labelled
from tests.service.server import ROOT, Server, find_children, find_free_ports, run_server, wait_until


@pytest.fixture(scope="module")
def supervised(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose worker may be killed."""
    with run_server(tmp_path_factory.mktemp("supervised"), repository) as running:
        yield running


def _list_ports(pids: list[int]) -> set[int]:
    """TCP ports that processes listen on."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    ports = {fields[9]: int(fields[1].rpartition(":")[2], 16) for fields in lines if fields[3] == "0A"}
    links = [os.readlink(link) for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    return {port for inode, port in ports.items() if inode in inodes}


def _parse_port(address: str) -> int:
    return int(address.rpartition(":")[2])


def _does_answer(server: Server) -> bool:
    try:
        return server.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _is_another(server: Server, gone: int) -> bool:
    return find_children(server.pid) not in ([gone], [])


def test_no_process_listens_on_anything_but_http_and_grpc(supervised: Server):
    pids = [supervised.pid, *find_children(supervised.pid)]
    assert len(pids) == 2
    assert _list_ports(pids) == {_parse_port(supervised.url), _parse_port(supervised.grpc)}


ATTACK = """
import os, sys
from circus.client import CircusClient
from circus.exc import CallError
os.setuid(65534)
for port in map(int, sys.argv[2:]):
    client = CircusClient(endpoint=f"tcp://127.0.0.1:{port}", timeout=1)
    try:
        client.send_message("add", name="x", cmd="touch", args=[sys.argv[1]], start=True)
    except CallError:
        pass
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_user_cannot_have_commands_run(supervised: Server, tmp_path: Path):
    """By what circus' own client sends, to every port of the loopback that the server's processes may have."""
    marker = tmp_path / "was-here"
    ports = [str(port) for port in _list_ports([supervised.pid, *find_children(supervised.pid)])]
    subprocess.run([sys.executable, "-c", ATTACK, str(marker), *ports], check=True, timeout=30, capture_output=True)
    assert not marker.exists()
    assert len(find_children(supervised.pid)) == 1 and _does_answer(supervised)


def test_a_killed_worker_is_back_within_seconds(supervised: Server, cases: Labelled):
    for _ in range(2):
        (worker,) = find_children(supervised.pid)
        os.kill(worker, signal.SIGKILL)
        start = time.monotonic()
        wait_until(partial(_is_another, supervised, worker), seconds=10, what="another worker")
        wait_until(lambda: _does_answer(supervised), seconds=20, what="answers again")
        assert time.monotonic() - start < 15  # 1.5 s on an idle machine
    assert supervised.post("classify", model="sines", series=cases.series[:1]).status_code == 200


def test_workers_end_with_their_supervisor(repository: Path, tmp_path: Path):
    with run_server(tmp_path, repository) as server:
        (worker,) = find_children(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), seconds=10, what="the worker's end")
        assert "the supervisor is gone" in (tmp_path / "server.log").read_text()


def test_after_the_drain_new_connections_are_refused(repository: Path, tmp_path: Path, cases: Labelled):
    """They do not wait in the backlog for a server that ends, while a long answer is still being made."""
    with run_server(tmp_path, repository) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            body = b'{"model": "sines", "n_per_class": 800, "seed": 1}'
            slow.sendall(b"POST /sample HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            wait_until(
                lambda: server.read_metrics()["seriesmith_queue_rows"] > 0, seconds=10, what="a request under way"
            )
            os.kill(server.pid, signal.SIGTERM)

            def refused() -> bool:
                try:
                    socket.create_connection((host, int(port)), timeout=0.5).close()
                except ConnectionRefusedError:
                    return True
                except OSError:
                    pass
                return False

            wait_until(refused, seconds=10, what="a refused connection")
            assert slow.recv(15) == b"HTTP/1.1 200 OK"


def _end(tmp_path: Path, port: int, *arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code of a command that must end by itself, and what it wrote."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SERIESMITH_")}
    given = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(tmp_path), "SERIESMITH_GRPC_PORT": "0"} | environment
    command = [sys.executable, "-m", "bentoml", "serve", "service.app:Seriesmith", "--host", "127.0.0.1"]
    ended = subprocess.run(
        [*command, "--port", str(port), *arguments],
        cwd=ROOT,
        env=kept | given,
        timeout=60,
        capture_output=True,
        text=True,
    )
    return ended.returncode, ended.stdout + ended.stderr


LONG = pytest.mark.reliability
"""A command takes seconds. In the gate: one for each that refuses, the settings, the supervisor and the socket."""


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"SERIESMITH_MODELS": "/nowhere"}, "'/nowhere' does not exist"),
        pytest.param({"SERIESMITH_MODELS": "{file}"}, "is no folder", marks=LONG),
        ({"SERIESMITH_GRPC_PORT": "{port}"}, "both be served on port {port}"),
        pytest.param({"SERIESMITH_GRPC_PORT": "{taken}"}, "cannot be had", marks=LONG),
        pytest.param({"SERIESMITH_MAX_ROWS": "many"}, "SERIESMITH_MAX_ROWS is 'many'", marks=LONG),
        ({"PORT": "{taken}"}, "127.0.0.1:{taken}"),
    ],
)
def test_what_cannot_be_served_ends_the_command_in_one_sentence(
    repository: Path, tmp_path: Path, environment: dict[str, str], words: str
):
    (tmp_path / "file").touch()
    with socket.socket() as one:
        port, taken = find_free_ports(2)
        one.bind(("127.0.0.1", taken))
        one.listen()
        places = {"file": tmp_path / "file", "port": port, "taken": taken}
        given = {name: text.format(**places) for name, text in environment.items()}
        port = int(given.pop("PORT", port))
        code, output = _end(tmp_path, port, **{"SERIESMITH_MODELS": str(repository)} | given)
    assert code != 0 and words.format(**places) in output and "Traceback" not in output, output


def test_a_worker_that_can_never_start_ends_the_command(repository: Path, tmp_path: Path):
    """What only a worker notices: here, a certificate that is not there."""
    environment = {"SERIESMITH_MODELS": str(repository), "SERIESMITH_WORKERS": "1"}
    arguments = ["--ssl-certfile", "/nowhere.pem", "--ssl-keyfile", "/nowhere.key"]
    code, output = _end(tmp_path, find_free_ports(1)[0], *arguments, **environment)
    assert code != 0 and "no worker can start (3 attempts)" in output


def test_bentoml_makes_its_supervisor_as_expected():
    """Should this fail, read service/supervisor.py: the server refuses to start with this BentoML."""
    from _bentoml_impl.server.serving import serve_http
    from bentoml._internal.utils import circus as arbiters
    from circus.arbiter import Arbiter

    require_known(arbiters, serve_http, Arbiter)
    assert {"_exclusive_running_command", "_running"} <= set(Arbiter.__init__.__code__.co_names)

    def create_standalone_arbiter():
        return None

    elsewhere = SimpleNamespace(Arbiter=arbiters.Arbiter, create_standalone_arbiter=create_standalone_arbiter)
    with pytest.raises(LookupError):
        require_known(elsewhere, serve_http, Arbiter)

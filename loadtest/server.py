"""A server: how it is started, when it is ready, what it speaks; and one that runs, until its `with` ends."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import grpc

from loadtest import processes
from loadtest.peers.graph import ROOT
from loadtest.wire import Message, Wire

START_SECONDS = 120.0
ASK_SECONDS = 20.0
CALL_SECONDS = 5.0


class NotRun(Exception):
    """This server cannot be measured here; the message says why, in a line for the table."""


@dataclass(frozen=True)
class Server:
    """`{bin}`, `{http}`, `{grpc}`, `{metrics}` and `{home}` in the command and the environment stand for the folder of
    its interpreter, its ports and an empty folder of its own. `setting` says how it was tuned; `root` is the folder it
    runs in, so whose code it runs.
    """

    name: str
    command: tuple[str, ...]
    ready: str
    wires: tuple[Wire, ...]
    setting: str
    environment: Mapping[str, str] = field(default_factory=dict)
    root: Path = ROOT


@dataclass(frozen=True)
class Running:
    """A server that is ready; `seconds_to_ready` since it was started."""

    server: Server
    process: subprocess.Popen[bytes]
    http: int
    grpc: int
    seconds_to_ready: float

    @property
    def cpu_seconds(self) -> float:
        """Of all its processes."""
        return processes.measure_cpu_seconds(self.process.pid)

    @property
    def resident_bytes(self) -> int:
        """Of all its processes."""
        return processes.measure_resident_bytes(self.process.pid)

    def hold(self) -> None:
        """Stop all its processes where they are, so that they use no CPU while others are measured."""
        processes.send(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        processes.send(self.process.pid, signal.SIGCONT)

    def ask(self, wire: Wire, message: Message) -> Message:
        """One exchange. Raises `NotRun` unless it succeeds."""
        return self._call(wire.path, message) if wire.grpc else self._post(wire.path, message)

    def _call(self, method: str, message: Message) -> Message:
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc}") as channel:
            try:
                return Message({}, channel.unary_unary(method)(message.body, timeout=CALL_SECONDS, wait_for_ready=True))
            except grpc.RpcError as error:
                raise NotRun(f"{method} was answered {error}"[:300]) from error

    def _post(self, path: str, message: Message) -> Message:
        connection = HTTPConnection("127.0.0.1", self.http, timeout=ASK_SECONDS)
        try:
            connection.request("POST", path, message.body, dict(message.headers))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise NotRun(f"POST {path} was answered {answer.status}: {body[:200]!r}")
        return Message({name.lower(): value for name, value in answer.getheaders()}, body)


@contextmanager
def run_server(server: Server, folder: Path) -> Iterator[Running]:
    """Start it, with its interpreter's `folder`, and wait until it is ready. Raises `NotRun` when it is not."""
    http, rpc, metrics = find_free_ports(3)
    with tempfile.TemporaryDirectory(prefix=f"loadtest-{server.name}-", ignore_cleanup_errors=True) as home:
        values = {"bin": folder, "http": http, "grpc": rpc, "metrics": metrics, "home": home}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SERIESMITH_")}
        environment = {name: value.format(**values) for name, value in server.environment.items()}
        log = Path(home) / "server.log"
        begun = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [part.format(**values) for part in server.command],
                cwd=server.root,
                env=inherited | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _await_ready(server, process, http, log)
            yield Running(server, process, http, rpc, time.perf_counter() - begun)
        finally:
            processes.end(process)


def _await_ready(server: Server, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _does_answer(port, server.ready):
        if process.poll() is not None:
            raise NotRun(f"it ended with {process.returncode} before it was ready: {_read_last_line(log)}")
        if time.monotonic() > deadline:
            raise NotRun(f"it was not ready after {START_SECONDS:g} s: {_read_last_line(log)}")
        time.sleep(0.02)


def _does_answer(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _read_last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def find_free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, below those that the system hands out: no connection takes one meanwhile."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind(("127.0.0.1", random.randrange(15_000, 30_000)))
                ports.append(one.getsockname()[1])
        return ports

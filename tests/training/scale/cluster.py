"""A cluster of Ray on this machine: nodes of one core each, started as `ray start` starts them, and ended by their
process ids."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RAY = Path(sys.executable).parent / "ray"
COMMAND = [sys.executable, "-c", "import sys; from training.console import main; sys.exit(main(sys.argv[1:]))"]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}
"""Ray listens on every address of the machine: its nodes take orders from these tests alone."""

MEMORY = "--object-store-memory=100000000"
SECONDS = 120.0


def choose_port() -> int:
    """A port that is free now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def list_processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process, by its id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            found[int(folder.name)] = parent, (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def list_descendants(pid: int) -> dict[int, str]:
    """Command lines of the processes below one, by their ids."""
    processes, below = list_processes(), {pid}
    while more := {own for own, (parent, _) in processes.items() if parent in below} - below:
        below |= more
    return {own: processes[own][1] for own in below - {pid}}


class Node:
    """A node in the foreground, so that its processes are below this one's."""

    def __init__(self, *arguments: str) -> None:
        command = [str(RAY), "start", "--block", "--num-cpus=1", "--node-ip-address=127.0.0.1", MEMORY, *arguments]
        self._process = subprocess.Popen(
            command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def list_workers(self) -> list[int]:
        """The processes that run a task right now."""
        below = list_descendants(self._process.pid)
        return [pid for pid, line in below.items() if line.startswith("ray::_run") or "ImplicitFunc" in line]

    def kill_worker(self) -> None:
        """Kill a process that runs a task, once there is one."""
        wait_until(self.list_workers, "a task runs on the node")
        for pid in self.list_workers()[:1]:
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """End all of it at once, as a machine ends."""
        for pid in (self._process.pid, *list_descendants(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()


class Cluster:
    """A head, and nodes that join it, of one core each."""

    def __init__(self, folder: Path) -> None:
        port = choose_port()
        self.address = f"127.0.0.1:{port}"
        self.nodes = [Node("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}")]

    def wait_for_head(self) -> None:
        """Wait until it answers."""
        wait_until(lambda: self.count_nodes() == 1, "the head answers")

    def add_node(self) -> None:
        """Another node."""
        before = self.count_nodes()
        self.nodes.append(Node(f"--address={self.address}"))
        wait_until(lambda: self.count_nodes() == before + 1, "a node joins")

    def count_nodes(self) -> int:
        """Nodes that are alive."""
        code = (
            "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False);"
            "print(sum(node['Alive'] for node in ray.nodes()))"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, self.address], env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS
        )
        return int(ended.stdout) if ended.returncode == 0 else 0

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command on the cluster, in a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *arguments, "--address", self.address], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
        )


@contextmanager
def open_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster, whose nodes end with the block."""
    cluster = Cluster(folder)
    try:
        cluster.wait_for_head()
        cluster.add_node()
        yield cluster
    finally:
        for node in reversed(cluster.nodes):
            node.kill()


def wait_until(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)

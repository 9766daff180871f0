"""The processes of a server: its supervisor and its workers, and what they hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service.server import Server, find_children, wait_until


def find_workers(server: Server) -> list[int]:
    """The worker processes that live now."""
    return [pid for pid in find_children(server.pid) if b"worker.service" in _read(Path(f"/proc/{pid}/cmdline"))]


def measure_resident_bytes(server: Server) -> int:
    """Memory of all of the server's processes."""
    pages = [
        int((_read(Path(f"/proc/{pid}/statm")).split() or [b"0"] * 2)[1]) for pid in [server.pid, *find_workers(server)]
    ]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def count_descriptors(server: Server) -> int:
    """Open files of the workers."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in find_workers(server))


@contextmanager
def pause(pid: int) -> Iterator[None]:
    """The process does nothing while the block lasts."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def end(server: Server) -> None:
    """Tell a server to end, and return when it has."""
    os.kill(server.pid, signal.SIGTERM)
    wait_for_end(server.pid, 30)


def wait_for_end(pid: int, seconds: float) -> None:
    """Return when a process has ended; fail after `seconds`."""
    wait_until(lambda: _has_ended(pid), seconds, what=f"the end of process {pid}")


def _has_ended(pid: int) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return not state or state[0] == b"Z"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""

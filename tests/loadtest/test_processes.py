"""All processes of a server are found, held and ended, also those that left its group and its session."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from loadtest import processes
from tests.service.server import wait_until

SPINNING = "while True: pass"
LEADER = f"""
import subprocess, sys, signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
subprocess.Popen([sys.executable, "-c", "{SPINNING}"])
subprocess.Popen([sys.executable, "-c", "{SPINNING}"], start_new_session=True)
signal.pause()
"""


@pytest.fixture
def leader(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends itself when told to, and not the two busy ones that it started."""
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)
    process = subprocess.Popen([sys.executable, "-c", LEADER], start_new_session=True)
    wait_until(lambda: len(processes.find_family(process.pid)) == 3, seconds=10, what="three processes")
    yield process
    processes.end(process)


def test_their_cpu_and_memory_add_up(leader: subprocess.Popen[bytes]):
    wait_until(lambda: processes.measure_cpu_seconds(leader.pid) > 0.1, seconds=10, what="busy processes")
    assert processes.measure_resident_bytes(leader.pid) > 3 * 2**20


def test_held_processes_use_no_cpu(leader: subprocess.Popen[bytes]):
    processes.send(leader.pid, signal.SIGSTOP)
    before = processes.measure_cpu_seconds(leader.pid)
    with pytest.raises(AssertionError, match="in vain"):
        wait_until(lambda: processes.measure_cpu_seconds(leader.pid) > before + 0.02, seconds=0.2, what="more CPU")
    processes.send(leader.pid, signal.SIGCONT)
    wait_until(lambda: processes.measure_cpu_seconds(leader.pid) > before + 0.02, seconds=10, what="more CPU")


def test_nothing_is_left_behind(leader: subprocess.Popen[bytes]):
    family = {process.pid for process in processes.find_family(leader.pid)}
    processes.send(leader.pid, signal.SIGSTOP)
    processes.end(leader)
    assert leader.returncode is not None
    assert not family & {process.pid for process in processes.list_processes()}

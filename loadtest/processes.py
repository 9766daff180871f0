"""Processes of a server: all of them are found, held, measured and ended, however many it starts.

A server runs in a session of its own. What it starts stays in that session or descends from it; either way it counts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """One line of /proc; `cpu_seconds` counts user and system time, and that of children that ended."""

    pid: int
    parent: int
    session: int
    cpu_seconds: float
    resident_bytes: int
    threads: int


def list_processes() -> Iterator[Process]:
    """Those that live now; the dead that nobody waited for are left out."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        # The name, in parentheses, may hold anything.
        fields = text[text.rindex(")") + 2 :].split()
        if fields[0] not in "ZX":
            ticks = sum(int(value) for value in fields[11:15])
            pid, parent, session, threads, pages = (
                int(text) for text in (entry.name, *(fields[k] for k in (1, 3, 17, 21)))
            )
            yield Process(pid, parent, session, ticks / TICK, pages * PAGE, threads)


def find_family(leader: int) -> list[Process]:
    """Every process of the session that `leader` leads, and every descendant that left it."""
    living = list(list_processes())
    members = {process.pid for process in living if process.session == leader or process.pid == leader}
    while True:
        more = {process.pid for process in living if process.parent in members} - members
        if not more:
            return [process for process in living if process.pid in members]
        members |= more


def measure_cpu_seconds(leader: int) -> float:
    """What all of them used so far."""
    return sum(process.cpu_seconds for process in find_family(leader))


def measure_resident_bytes(leader: int) -> int:
    """What all of them hold; shared pages count for each."""
    return sum(process.resident_bytes for process in find_family(leader))


def send(leader: int, number: signal.Signals) -> None:
    """A signal to each of them; the leader is told first."""
    for process in sorted(find_family(leader), key=lambda process: process.pid != leader):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue


def end(started: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the leader; what still lives after a while is killed. Nothing stays behind."""
    known: set[int] = set()
    send(started.pid, signal.SIGCONT)
    _find_left(started, known)
    if started.poll() is None:
        started.terminate()
    if not _is_gone(started, known, GRACE_SECONDS):
        for pid in _find_left(started, known):
            os.kill(pid, signal.SIGKILL)
        _is_gone(started, known, GRACE_SECONDS)
    started.wait()


def _is_gone(started: subprocess.Popen[bytes], known: set[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while left := _find_left(started, known):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return not left


def _find_left(started: subprocess.Popen[bytes], known: set[int]) -> set[int]:
    """Those of the family that live, also where they were given to another parent. `known` grows."""
    started.poll()
    living = {process.pid for process in list_processes()}
    known |= {process.pid for process in find_family(started.pid)}
    return known & living

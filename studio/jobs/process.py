"""A command that runs for a job: in a process group of its own, within limits, and ended with its runner."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.jobs.commands import make_environment
from studio.jobs.events import Folder

SET_DEATH_SIGNAL = 1
"""Of Linux's prctl."""

NICENESS = 19
"""The lowest priority."""

PATIENCE_SECONDS = 12.0
"""For a fit that was told to stop to do so in good order; it gives itself 10."""

MEASURE_SECONDS = 1.0

KIB = 1024


@dataclass(frozen=True)
class Limits:
    """seconds that a command may take, bytes of memory that it and its processes may take; 0: no limit."""

    seconds: float = 0.0
    bytes: int = 0


class Busy(Exception):
    """A process of an earlier start of the job still lives."""


class Process:
    """A command that runs. Make it in the main thread: the system ends it when the thread ends that started it."""

    def __init__(self, command: list[str], folder: Folder, limits: Limits) -> None:
        """Raises `Busy`, and `OSError` where it cannot be started."""
        folder.path.mkdir(parents=True, exist_ok=True)
        self._limits = limits
        self._began, self._measured = time.monotonic(), 0.0
        self._killing_at: float | None = None
        self.why_ended = ""
        with folder.lock.open("a") as lock, folder.log.open("ab") as log:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy from error
            self._process = subprocess.Popen(
                command,
                env=make_environment() | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # not a session: Linux shares the processor out among sessions first (autogroup)
                pass_fds=(lock.fileno(),),  # which holds the lock as long as the process lives
                preexec_fn=_prepare(os.getpid()),
            )

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, as `subprocess` has it, once it has ended; keeps the limits meanwhile. What is left of its
        group is killed then."""
        status = self._process.poll()
        if status is not None:
            self._signal(signal.SIGKILL)
            return status
        now = time.monotonic()
        if self._killing_at is not None:
            if now >= self._killing_at:
                self._signal(signal.SIGKILL)
        elif self._limits.seconds and now - self._began > self._limits.seconds:
            self.end(f"It took longer than {self._limits.seconds:g} s, which a fit may take here.")
        elif (taken := self._measure(now)) > self._limits.bytes:
            self.end(
                f"It took {taken / 2**20:.0f} MiB of memory, and may take {self._limits.bytes / 2**20:.0f} here. Set a "
                "smaller batch_size, or give fewer cases.",
                patience=0.0,
            )
        return None

    def _measure(self, now: float) -> int:
        """Memory that it takes, looked at once a second where it has a limit; else 0."""
        if not self._limits.bytes or now - self._measured < MEASURE_SECONDS:
            return 0
        self._measured = now
        return measure_bytes(self.pid)

    def end(self, why: str, patience: float = PATIENCE_SECONDS) -> None:
        """Tell it to stop, and kill it when that takes longer than `patience`."""
        if self._killing_at is None:
            self.why_ended = why
            self._killing_at = time.monotonic() + patience
            self._signal(signal.SIGTERM if patience else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _prepare(parent: int) -> Callable[[], None]:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: a fork should only call

    def prepare() -> None:
        os.nice(NICENESS)
        if hasattr(os, "SCHED_IDLE"):  # Linux's: whoever is served interrupts it at once, and need not await its turn
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        if library is not None:
            library.prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != parent:  # it has died before
                os._exit(128 + signal.SIGKILL)

    return prepare


def measure_bytes(group: int) -> int:
    """Memory of a process group: what its processes share counts once. 0 where the system does not tell (/proc)."""
    return sum(_measure_process(folder) for folder in Path("/proc").glob("[0-9]*") if _find_group(folder) == group)


def _find_group(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, ValueError, IndexError):
        return 0


def _measure_process(folder: Path) -> int:
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KIB
    except (OSError, ValueError, IndexError):
        return 0
    return 0

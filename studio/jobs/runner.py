"""Runs jobs of the queue, one process each, and writes down how they are and how they end.

Everything happens in one thread, in turns: nothing that a turn does takes long, and the system ends the processes of
jobs with this thread, however it ends.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from studio.jobs.events import Folder, find_folder, find_outcome, parse_event, read_lines
from studio.jobs.process import Busy, Limits, Process
from studio.jobs.progress import Progress
from studio.jobs.queue import Job, Queue
from studio.settings import StudioSettings

logger = logging.getLogger("seriesmith.studio")

TURN_SECONDS, IDLE_SECONDS, BEAT_SECONDS = 0.2, 1.0, 1.0

STOP_SECONDS = 3.0
"""For a fit to stop in good order when the service ends; then it is killed, and goes on from its last checkpoint."""

WITHHELD, REFUSED = 3, 2
"""Exit statuses of `fit.py` (training/ending.py): kept aside by the gate, and refused."""

MOST_REASON_LETTERS = 2000

AGAIN = "Resume it to go on from its checkpoints."

MakeCommand = Callable[[Job, Folder], list[str]]


class Running:
    """A job that is claimed, its process, and what is known of it."""

    def __init__(self, job: Job, folder: Folder, process: Process) -> None:
        self.job, self.folder, self.process = job, folder, process
        self.progress = Progress(job.options)
        self.offset = folder.events.stat().st_size if folder.events.exists() else 0
        self.status: int | None = None

    def follow(self) -> None:
        """Take up what the fit has written since."""
        lines, self.offset = read_lines(self.folder.events, self.offset)
        for line in lines:
            if (event := parse_event(line)) is not None:
                self.progress.follow(event)


class Runner:
    """Claims jobs of `queue` for as long as it is not told to stop; `make_command` says what runs for a job."""

    def __init__(self, queue: Queue, settings: StudioSettings, models: Path, make_command: MakeCommand) -> None:
        self.queue, self.settings, self.models = queue, settings, models
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._make_command = make_command
        self._running: dict[str, Running] = {}
        self._beaten = 0.0
        self._trouble = ""
        self._stopping_since: float | None = None

    def stop(self) -> None:
        """Claim no more; stop what runs, and queue it again."""
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()

    def run(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Take turns until told to stop, or until nobody wants it any more."""
        while self._stopping_since is None or self._running:
            if not is_wanted():
                self.stop()
            try:
                self.take_turn()
                self._note_trouble("")
            except SQLAlchemyError as error:  # the database may come back, and what runs goes on meanwhile
                self._note_trouble(f"the studio's database does not answer: {error}")
                if self._stopping_since is not None and time.monotonic() - self._stopping_since > 2 * STOP_SECONDS:
                    return
            time.sleep(TURN_SECONDS if self._running else IDLE_SECONDS)

    def take_turn(self) -> None:
        """Look after what runs, and claim what waits. Raises `SQLAlchemyError`."""
        if self._stopping_since is not None:
            for running in self._running.values():
                running.process.end("The service ended.", STOP_SECONDS)
        for running in list(self._running.values()):
            running.status = running.process.poll() if running.status is None else running.status
            if running.status is not None:
                self._record(running)
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            self._beaten = time.monotonic()
            self._beat()
        while self._stopping_since is None and len(self._running) < self.settings.fits and self._begin():
            pass

    def _beat(self) -> None:
        for running in list(self._running.values()):
            running.follow()
            job = self.queue.beat(running.job.id, self.name, running.progress.describe(time.time()))
            if job is None:  # it belongs to another runner now
                running.process.end("Another runner has taken it over.", patience=0.0)
            elif job.cancelling:
                running.process.end("It was cancelled while it ran.")
        for job in self.queue.take_back(self.name):
            logger.warning("fit %s was lost by the process that ran it, and is %s", job.id, job.state)

    def _begin(self) -> bool:
        """Claim a job and start it; whether there may be more. Raises `SQLAlchemyError`."""
        job = self.queue.claim(self.name)
        if job is None:
            return False
        folder = find_folder(self.settings.folder, job.id)
        if self._record_outcome(job, folder, aside=job.attempts > 1 and not job.forcing):
            return True  # its runner died before it could write that down
        try:
            process = Process(
                self._make_command(job, folder), folder, Limits(self.settings.fit_seconds, self.settings.fit_bytes)
            )
        except Busy:
            self.queue.release(job.id, self.name)
            return False
        except OSError as error:
            self.queue.end(job.id, self.name, "failed", f"It could not be started: {error}.")
        else:
            self._running[job.id] = Running(job, folder, process)
            logger.info("fit %s of %s runs, start %d", job.id, job.name, job.attempts)
        return True

    def _record(self, running: Running) -> None:
        """Write down how a process ended. Raises `SQLAlchemyError`, and is called again then."""
        job, status, why = running.job, running.status, running.process.why_ended
        assert status is not None
        if self._record_outcome(job, running.folder, aside=status == WITHHELD):
            pass  # also where it was killed after it had published
        elif self._stopping_since is not None and why.startswith("The service"):
            self.queue.release(job.id, self.name)
        elif why.startswith("It was cancelled"):
            self._end(job, running.folder, "cancelled", why)
        else:
            self._end(job, running.folder, "failed", why or explain_status(status, running.folder))
        del self._running[job.id]

    def _record_outcome(self, job: Job, folder: Folder, aside: bool) -> bool:
        """Write down what a fit has published, or with `aside` what the gate withheld; whether there is any."""
        outcome = find_outcome(folder.events, self.models)
        if outcome is None or (outcome.aside and not aside):
            return False
        if outcome.aside:
            result: dict[str, Any] = {"version": None, "objections": outcome.objections, "aside": outcome.version}
            reason = "The quality gate withheld it: " + " ".join(outcome.objections)
            self._end(job, folder, "withheld", reason, result)
        else:
            self._end(job, folder, "done", None, {"version": outcome.version, "objections": outcome.objections})
        return True

    def _end(
        self, job: Job, folder: Folder, state: str, reason: str | None, result: dict[str, Any] | None = None
    ) -> None:
        self.queue.end(job.id, self.name, state, reason, result)
        logger.info("fit %s of %s is %s%s", job.id, job.name, state, f": {reason}" if reason else "")
        if state == "done":
            shutil.rmtree(folder.data, ignore_errors=True)

    def _note_trouble(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            logger.error("%s", trouble)
        self._trouble = trouble


def explain_status(status: int, folder: Folder) -> str:
    """Why a process ended with a status, in a sentence: what it said at last, or the signal that ended it."""
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if number:
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        guess = ", most likely for want of memory" if number == signal.SIGKILL else ""
        return f"It was ended by {name}{guess}. {AGAIN}"
    said = read_last_line(folder.log)[:MOST_REASON_LETTERS]
    return said if status == REFUSED else f"It ended with status {status} and published nothing: {said}"


def read_last_line(file: Path, most: int = 4096) -> str:
    """The last line of a log that has words in it; of `fit.py` without its name."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - most))
            lines = [line for line in opened.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "it has no log."
    return lines[-1].removeprefix("seriesmith fit: ") if lines else "its log is empty."

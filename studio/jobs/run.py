"""`python -m studio.jobs.run`: the process that runs a studio's fits, one for each folder, by the service's settings.

A worker of the service starts it with the lock of the folder and its own process id, and it ends with that process.
Started by hand it takes the lock itself, and runs until it is told to stop.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import signal
import sys
from pathlib import Path

from bundle.cores import count_cores
from service.settings import Settings
from studio.database import open_database
from studio.jobs.events import Folder
from studio.jobs.keeping import LOCK
from studio.jobs.options import list_flags
from studio.jobs.process import SET_DEATH_SIGNAL
from studio.jobs.queue import Job, Queue
from studio.jobs.runner import MakeCommand, Runner
from studio.settings import StudioSettings


def main(arguments: list[str]) -> None:
    """Run fits until the process `arguments[0]` ends, or this one is told to."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s [studio] %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    parent = int(arguments[0]) if arguments else 0
    models = Settings.from_environment().repository
    settings = StudioSettings.from_environment(models)
    if not parent:
        take_lock(settings.folder)
    runner = Runner(Queue(open_database(settings.database_url)), settings, models, make_command(settings, models))
    signal.signal(signal.SIGTERM, lambda *_: runner.stop())
    signal.signal(signal.SIGINT, lambda *_: None if parent else runner.stop())  # Ctrl-C is for the service
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
    runner.run(is_wanted=lambda: not parent or os.getppid() == parent)


def take_lock(folder: Path) -> None:
    """Hold the lock of a folder until this process ends. Raises `SystemExit` where another does."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"another process runs the fits of {folder}; stop it, or set another folder.") from None


def make_command(settings: StudioSettings, models: Path) -> MakeCommand:
    """What starts the fit of a job."""
    workers = max(1, count_cores() // max(1, settings.fits))

    def make(job: Job, folder: Folder) -> list[str]:
        flags = [
            *list_flags(job.options),
            f"--name={job.name}",
            f"--models={models.absolute()}",
            f"--events={folder.events.absolute()}",
            f"--workers={workers}",
            "--no-report",
            *(["--force"] if job.forcing else []),
        ]
        return [sys.executable, "-m", "studio.jobs.start", job.dataset, str(folder.path.absolute()), *flags]

    return make


if __name__ == "__main__":
    main(sys.argv[1:])

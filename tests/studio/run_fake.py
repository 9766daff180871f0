"""A runner as a process, of jobs whose options say how long they take and how they end.

`python -m tests.studio.run_fake FOLDER DATABASE FITS`
It holds the lock of the folder, as `python -m studio.jobs.run` does.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

from studio.database import open_database
from studio.jobs.events import Folder
from studio.jobs.queue import Job, Queue
from studio.jobs.run import take_lock
from studio.jobs.runner import MakeCommand, Runner
from studio.settings import StudioSettings

FAKE = Path(__file__).with_name("fake_fit.py")


def make_command(settings: StudioSettings) -> MakeCommand:
    """Runs `fake_fit.py`."""

    def make(job: Job, folder: Folder) -> list[str]:
        models, seconds = settings.folder / "models", job.options.get("seconds", 0.0)
        status = 0 if job.forcing else job.options.get("status", 0)
        own = [sys.executable, "-S", str(FAKE), str(folder.events), str(models), job.name, str(seconds), str(status)]
        return job.options.get("command") or own

    return make


def main(folder: Path, database: str, fits: int) -> None:
    """Run jobs until told to stop."""
    logging.basicConfig(level=logging.INFO)
    settings = StudioSettings(folder=folder, database=database, fits=fits, fit_seconds=60)
    take_lock(folder)
    queue = Queue(open_database(settings.database_url))
    runner = Runner(queue, settings, folder / "models", make_command(settings))
    signal.signal(signal.SIGTERM, lambda *_: runner.stop())
    runner.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

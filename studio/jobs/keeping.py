"""Keeps a runner alive beside the workers of a service, one for each folder, from when the first fit was asked for.

Each worker looks every second whether the lock of the folder is free. Who gets it hands it to the runner that it
starts, which holds it until it ends: so there is never a second one, and a dead one is replaced by whoever looks first.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from studio.jobs.commands import make_environment

logger = logging.getLogger("bentoml.seriesmith")

LOCK = "runner.lock"

LOOK_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
"""Between two looks, and before a runner is started that failed to start again and again."""

LASTING_SECONDS = 10.0
"""A runner that ended sooner has failed to start."""


def keep_runner(folder: Path) -> None:
    """Start a thread of this worker that starts a runner whenever there are fits and none runs."""
    threading.Thread(target=_keep, args=(folder,), name="studio-runner", daemon=True).start()


def _keep(folder: Path) -> None:
    failures = 0
    while True:  # the runner ends with this thread, which ends with the process
        time.sleep(min(LOOK_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS))
        if not (folder / "jobs").is_dir():
            continue
        began = time.monotonic()
        try:
            status = _run(folder)
        except OSError as error:
            logger.error("the process that runs fits could not be started: %s", error)
            failures = min(failures + 1, 10)
            continue
        if status is None:
            continue
        failures = min(failures + 1, 10) if time.monotonic() - began < LASTING_SECONDS else 0
        logger.warning("the process that runs fits ended with status %d; another one starts", status)


def _run(folder: Path) -> int | None:
    """Run a runner until it ends; its exit status, None where there is one already. Raises `OSError`."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        process = subprocess.Popen(
            [sys.executable, "-m", "studio.jobs.run", str(os.getpid())],
            env=make_environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=(descriptor,),
        )
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    return process.wait()

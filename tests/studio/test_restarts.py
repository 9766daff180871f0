"""Whatever dies in the middle, no fit is lost and none runs twice to the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from studio.database import open_database
from studio.jobs.queue import Queue
from studio.settings import StudioSettings
from tests.service.server import ROOT, wait_until
from tests.studio.postgresql import run_postgresql

FITS = 8
"""That run at a time."""


def start_runner(folder: Path, database: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.studio.run_fake", str(folder), database, str(FITS)]
    with (folder / "runner.log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)


@contextmanager
def keep_runners(folder: Path, database: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Runners that a test starts; the last one is told to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    runners = [start_runner(folder, database)]
    try:
        yield runners
    finally:
        runners[-1].terminate()
        runners[-1].wait(20)


def count_ends(folder: Path) -> Counter[str]:
    file = folder / "ends.txt"
    return Counter(file.read_text().split() if file.exists() else ())


def queue_and_kill(folder: Path, database: str, n: int, kills: int) -> None:
    """Queue `n` fits, kill the runner in the middle so often, and look what came of them."""
    settings = StudioSettings(folder=folder, database=database)
    with keep_runners(folder, database) as runners:
        queue = Queue(open_database(settings.database_url))
        with ThreadPoolExecutor(4) as pool:
            options = {"seconds": 0.1}
            ids = list(pool.map(lambda number: queue.add(f"fit{number}", "0" * 32, options, "", n).id, range(n)))
        for kill in range(1, kills + 1):
            wait_until(lambda: len(count_ends(folder)) >= kill * n // (kills + 2), 60, "the middle")  # noqa: B023
            os.kill(runners[-1].pid, signal.SIGKILL)
            runners[-1].wait(10)
            runners.append(start_runner(folder, database))
        wait_until(lambda: queue.list_jobs("done")[1] == n, 120, "all to be done")
        jobs = [queue.get(id) for id in ids]
        queue.engine.dispose()
    assert [job.state for job in jobs] == ["done"] * n
    assert all(job.result == {"version": 1, "objections": []} for job in jobs)
    assert count_ends(folder) == {f"fit{number}": 1 for number in range(n)}
    assert max(job.attempts for job in jobs) > 1, "something ran when its runner was killed"


def test_of_50_fits_none_is_lost_and_none_runs_twice_to_the_end_on_sqlite(tmp_path: Path) -> None:
    queue_and_kill(tmp_path / "studio", "", n=50, kills=1)


@pytest.mark.long
def test_of_50_fits_none_is_lost_and_none_runs_twice_to_the_end_on_postgresql(tmp_path: Path) -> None:
    with run_postgresql() as url:
        queue_and_kill(tmp_path / "studio", url, n=50, kills=3)


@pytest.mark.long
def test_of_many_runners_at_once_no_two_claim_one_job_on_postgresql() -> None:
    with run_postgresql() as url:
        queue = Queue(open_database(url))
        assert make_url(url).get_backend_name() == queue.engine.dialect.name
        added = {queue.add("waves", "0" * 32, {}, "", 1000).id for _ in range(200)}
        with ThreadPoolExecutor(8) as pool:
            claimed = list(pool.map(lambda number: queue.claim(f"runner {number % 8}"), range(208)))
        assert sorted(job.id for job in claimed if job is not None) == sorted(added)
        queue.engine.dispose()

"""Calls run side by side in processes that have all imported: in order, one thread each; none outlives a failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import pytest

from tests.service.server import wait_until
from tests.training.test_ending import has_members
from training.configuration import FitConfiguration
from training.learning.parallel import run_side_by_side
from training.learning.watcher import Cancelled
from training.nursery import ONE_THREAD

CONFIGURATION = FitConfiguration(device="cpu", workers=2)


def describe_process(number: int) -> tuple[int, int, set[str], bool]:
    return number, os.getpid(), {os.environ[name] for name in ONE_THREAD}, "torch" in sys.modules


def cancel() -> None:
    raise Cancelled("enough")


def test_answers_come_in_order_from_other_processes_of_one_thread() -> None:
    answers = run_side_by_side([partial(describe_process, number) for number in range(5)], CONFIGURATION)
    assert [number for number, *_ in answers] == [0, 1, 2, 3, 4]
    assert os.getpid() not in {process for _, process, *_ in answers}
    assert all(threads == {"1"} and imported for *_, threads, imported in answers)


def test_what_fails_ends_what_runs_beside_it() -> None:
    begun = time.monotonic()
    with pytest.raises(Cancelled, match="enough"):
        run_side_by_side([partial(time.sleep, 60), partial(cancel)], CONFIGURATION)
    assert time.monotonic() - begun < 30


def test_a_process_that_is_killed_is_no_endless_wait() -> None:
    with pytest.raises(BrokenProcessPool):
        run_side_by_side([partial(time.sleep, 60), partial(signal.raise_signal, signal.SIGKILL)], CONFIGURATION)


def test_a_process_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    source = (
        "import os, time; from functools import partial; from tests.training.test_parallel import *;"
        f"run_side_by_side([partial(time.sleep, 600), partial(os.mkdir, {str(begun)!r})], CONFIGURATION)"
    )
    parent = subprocess.Popen([sys.executable, "-c", source], start_new_session=True)
    wait_until(begun.exists, 120, "calls that run")
    parent.kill()
    parent.wait()
    wait_until(lambda: not has_members(parent.pid), 20, "the end of all that worked for it")

"""Under steady load on every wire, its processes end, are killed or stand still: every request is accounted for."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.ledger import open_ledger
from tests.reliability.load import WIRES, Payloads, is_answered, load_steadily, wait_for_answers
from tests.reliability.processes import end, find_workers, pause
from tests.reliability.sizes import Sizes
from tests.service.server import run_server, wait_until

pytestmark = pytest.mark.reliability


@pytest.mark.gate
def test_sigterm_loses_nothing(repository: Path, tmp_path: Path, payloads: Payloads, sizes: Sizes):
    ledger = open_ledger("SIGTERM to the server, 14 clients in tight loops")
    with run_server(tmp_path, repository) as server, load_steadily(server, payloads, ledger, each=2, pause=0):
        wait_for_answers(ledger, sizes.answers)
        start = time.monotonic()
        end(server)
        ledger.notes.append(f"ended {time.monotonic() - start:.1f} s after the signal")
    ledger.require_none("wrong", "lost")


def test_a_killed_worker_is_back_within_five_seconds(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("SIGKILL of the only worker")
    with run_server(tmp_path, repository) as server:
        for _ in range(3):
            (worker,) = find_workers(server)
            with load_steadily(server, payloads, ledger):
                wait_for_answers(ledger, 100)
            os.kill(worker, signal.SIGKILL)
            start = time.monotonic()
            wait_until(lambda: is_answered(server, payloads), seconds=15, what="an answer after the worker was killed")
            ledger.notes.append(f"back after {time.monotonic() - start:.1f} s")
            assert time.monotonic() - start < 5
            ledger.restarted += 1
        assert server.read_metrics()["seriesmith_queue_rows"] == 0
    ledger.require_none("wrong", "lost")


@pytest.mark.gate
def test_requests_under_way_when_a_worker_is_killed_are_reported_and_no_others(
    repository: Path, tmp_path: Path, payloads: Payloads, sizes: Sizes
):
    ledger = open_ledger("SIGKILL of the only worker under load (lost: those it had)")
    with run_server(tmp_path, repository) as server, load_steadily(server, payloads, ledger, pause=0.02):
        wait_for_answers(ledger, sizes.answers)
        os.kill(find_workers(server)[0], signal.SIGKILL)
        start = time.monotonic()
        ledger.restarted += 1
        wait_until(lambda: is_answered(server, payloads), seconds=15, what="an answer after the worker was killed")
        ledger.notes.append(f"back after {time.monotonic() - start:.1f} s")
        wait_for_answers(ledger, sizes.answers)
    ledger.require_none("wrong")
    assert ledger.counts["lost"] <= 2 * len(WIRES), "each client had at most one request under way"


def test_a_pause_of_ten_seconds_loses_nothing(repository: Path, tmp_path: Path, payloads: Payloads):
    ledger = open_ledger("SIGSTOP of the worker for 10 s")
    with run_server(tmp_path, repository) as server, load_steadily(server, payloads, ledger, each=2):
        wait_for_answers(ledger, 200)
        with pause(find_workers(server)[0]):
            time.sleep(10)
        wait_for_answers(ledger, 200)
    ledger.require_none("wrong", "lost")


def test_a_clock_that_jumps_changes_nothing(
    repository: Path, tmp_path: Path, payloads: Payloads, monkeypatch: pytest.MonkeyPatch
):
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        pytest.skip("needs libfaketime")
    ledger = open_ledger("the wall clock jumps a day ahead and back")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    jumping = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    for name, value in (jumping | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}).items():
        monkeypatch.setenv(name, value)
    with run_server(tmp_path, repository) as server:
        for name in jumping:
            monkeypatch.delenv(name)
        with load_steadily(server, payloads, ledger):
            for offset in ("+0", "+1d", "-1d", "+0"):
                clock.write_text(offset)
                wait_for_answers(ledger, 150)
    ledger.require_none("wrong", "lost", "refused")

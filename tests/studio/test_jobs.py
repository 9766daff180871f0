"""The queue, the options of a fit, and what runs for a job."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from bundle.errors import InvalidRequest, NotFound, Overloaded
from studio.database import now
from studio.jobs.events import Folder, find_folder, find_outcome, read_all_events, read_lines
from studio.jobs.options import check_options, list_flags
from studio.jobs.process import Busy, Limits, Process, measure_bytes
from studio.jobs.progress import Progress
from studio.jobs.queue import LEASE, MOST_LOST, Job, Queue
from studio.jobs.run import take_lock
from studio.jobs.runner import Runner
from studio.jobs.streaming import Places
from studio.jobs.tables import JobRow
from studio.settings import StudioSettings
from tests.service.server import wait_until
from tests.studio.run_fake import make_command

Opened = tuple[StudioSettings, Engine]


@pytest.fixture
def queue(studio: Opened) -> Queue:
    """An empty queue on SQLite."""
    return Queue(studio[1])


def add(queue: Queue, name: str = "waves", owner: str = "", most: int = 100, **options: Any) -> Job:
    return queue.add(name, "0" * 32, options, owner, most)


def let_lapse(queue: Queue, id: str) -> None:
    """What the table says once a runner has said nothing for longer than its lease."""
    with queue.engine.begin() as connection:
        connection.execute(update(JobRow).where(JobRow.id == id).values(beat=now() - LEASE - timedelta(seconds=1)))


# The queue.


def test_jobs_are_claimed_in_their_order_each_by_one_runner(queue: Queue) -> None:
    added = [add(queue, name).id for name in ("one", "two", "three")]
    claimed = [queue.claim(runner) for runner in ("a", "b", "a", "b")]
    assert [job and job.id for job in claimed] == [*added, None]
    assert all(job.state == "running" and job.attempts == 1 and job.started for job in claimed if job)


def test_of_many_runners_at_once_no_two_claim_one_job(queue: Queue) -> None:
    added = {add(queue).id for _ in range(40)}
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: queue.claim(f"runner {number % 8}"), range(48)))
    assert sorted(job.id for job in claimed if job is not None) == sorted(added)


def test_a_runner_whose_lease_has_lapsed_loses_its_job_and_what_it_says_of_it_is_refused(queue: Queue) -> None:
    id = add(queue).id
    queue.claim("a")
    assert queue.take_back("b") == []
    let_lapse(queue, id)
    assert [job.state for job in queue.take_back("b")] == ["queued"]
    again = queue.claim("b")
    assert again is not None
    assert again.attempts == 2
    assert queue.beat(id, "a", None) is None
    assert not queue.end(id, "a", "done")
    assert queue.get(id).state == "running"
    assert queue.end(id, "b", "done", None, {"version": 1})


def test_a_job_that_kills_its_runners_is_given_up(queue: Queue) -> None:
    id = add(queue).id
    for _ in range(MOST_LOST):
        queue.claim("a")
        let_lapse(queue, id)
        queue.take_back("b")
    job = queue.get(id)
    assert job.state == "failed"
    assert f"died {MOST_LOST} times" in str(job.reason)


def test_a_queued_job_is_cancelled_at_once_and_a_lost_one_that_was_to_end_is_not_run_again(queue: Queue) -> None:
    waiting, running = add(queue).id, add(queue).id
    assert queue.cancel(waiting).state == "cancelled"
    queue.claim("a")
    assert queue.cancel(running).cancelling
    let_lapse(queue, running)
    assert [job.state for job in queue.take_back("b")] == ["cancelled"]
    assert queue.claim("b") is None


def test_a_key_may_have_so_many_and_no_more_and_others_have_theirs(queue: Queue) -> None:
    for _ in range(3):
        add(queue, owner="a", most=3)
    with pytest.raises(Overloaded, match="3 fits of this key are queued or running, and it may have 3"):
        add(queue, owner="a", most=3)
    assert add(queue, owner="b", most=3).state == "queued"


def test_what_cannot_be_is_refused_with_the_state_that_it_takes(queue: Queue) -> None:
    id = add(queue).id
    for refused, words in ((queue.resume, "failed or cancelled"), (queue.publish, "withheld")):
        with pytest.raises(InvalidRequest, match=f"the fit is queued; .* {words}"):
            refused(id, 100)
    with pytest.raises(InvalidRequest, match="discard takes one that is withheld"):
        queue.discard(id)
    with pytest.raises(NotFound):
        queue.get("f" * 32)
    queue.cancel(id)
    assert queue.resume(id, 100).state == "queued"


def test_jobs_are_listed_newest_first_by_state_and_page(queue: Queue) -> None:
    ids = [add(queue).id for _ in range(5)]
    queue.cancel(ids[2])
    listed, total = queue.list_jobs(limit=2, offset=1)
    assert [job.id for job in listed] == [ids[3], ids[2]] and total == 5
    assert [job.id for job in queue.list_jobs("cancelled")[0]] == [ids[2]]


# Options.

DESCRIBED: dict[str, Any] = {
    "kinds": {
        "vae": [{"name": "dense", "options": [{"name": "steps", "kind": "integer", "default": 500, "minimum": 1}]}],
        "texture": [{"name": "stored", "options": []}],
        "classifier": [
            {"name": "fcn", "options": [{"name": "residual", "kind": "boolean", "default": True}]},
            {"name": "ridge", "options": [{"name": "widths", "kind": "integer", "several": True, "default": []}]},
        ],
        "generator": [{"name": "gan", "options": [{"name": "packed", "kind": "integer", "default": 2}]}],
    },
    "options": [
        {"name": "vae", "kind": "choice", "choices": ["dense"], "default": "dense"},
        {"name": "texture", "kind": "choice", "choices": ["stored"], "default": "stored"},
        {"name": "classifier", "kind": "choice", "choices": ["fcn", "ridge", "best"], "default": "fcn"},
        {"name": "generator", "kind": "choice", "choices": ["gan"], "default": None},
        {"name": "max_components", "kind": "integer", "words": ["auto"], "minimum": 0, "default": "auto"},
        {"name": "balance", "kind": "number", "minimum": 0, "below": 1, "default": 0.5},
    ],
}


def test_options_become_flags() -> None:
    given = {
        "vae.steps": 20,
        "classifier.residual": False,
        "max_components": "auto",
        "balance": 0.25,
        "generator": None,
    }
    checked = check_options(given, DESCRIBED)
    flags = ["--max-components=auto", "--balance=0.25", "--vae.steps=20", "--classifier.no-residual"]
    assert list(list_flags(checked)) == flags
    of_another = check_options({"classifier.widths": [1, 2], "classifier": "ridge"}, DESCRIBED)
    assert list(list_flags(of_another)) == ["--classifier=ridge", "--classifier.widths", "1", "2"]
    assert check_options({"classifier.residual": True, "classifier": "best"}, DESCRIBED)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": "/etc/passwd"}, "data is no option of a fit; there are: vae, texture"),
        ({"vae.stepz": 1}, "vae.stepz is no option of vae dense; it has: steps."),
        ({"vae.steps": 0}, "vae.steps is 0; it must be at least 1."),
        ({"vae.steps": 1.5}, "must be a whole number"),
        ({"vae.steps": "--force"}, "must be a whole number"),
        ({"vae.steps": True}, "must be a whole number"),
        ({"balance": 1}, "balance is 1; it must be at least 0 and below 1."),
        ({"balance": float("nan")}, "must be a number"),
        ({"vae": "sparse"}, "vae is 'sparse'; it must be one of: dense."),
        ({"max_components": "some"}, "must be one of: auto."),
        ({"classifier.residual": "yes"}, "must be true or false"),
        ({"classifier.widths": 1}, "classifier.widths is no option of classifier fcn"),
        ({"generator.packed": 1}, "sets nothing without generator"),
        ({"generator": "gan", "vae.steps": 3}, "sets nothing beside generator"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_its_name(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words.replace("(", "\\(")) as refused:
        check_options(options, DESCRIBED)
    assert refused.value.field == f"options.{list(options)[-1]}"


# What is read of a fit.


def test_lines_are_read_once_whole_and_in_pieces(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    assert read_lines(file, 0) == ([], 0)
    file.write_bytes(b'{"event": "begin"}\n\n{"event": "st')
    lines, offset = read_lines(file, 0)
    assert lines == [b'{"event": "begin"}', b""]
    with file.open("ab") as opened:
        opened.write(b'ep"}\nhalf a li')
    assert read_lines(file, offset)[0] == [b'{"event": "step"}']
    file.write_bytes(b'{"event": "look", "series": "%s"}\n{"event": "end"}\n' % (b"x" * 2**20))
    assert [event["event"] for event in read_all_events(file)] == ["look", "end"]


def test_a_stream_goes_on_after_the_last_event_that_a_client_had(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.events.write_text('{"event": "stage", "stage": "VAE", "steps": 5}\n{"event": "publishing"}\n')
    folder.log.write_text("read: 40 series\n")
    first = Places(folder, "").read().decode()
    assert first.count("event: ") == 2 and '{"line":"read: 40 series"}' in first and '"ended":false' in first
    last_id = first.rpartition("id: ")[2].partition("\n")[0]
    assert Places(folder, last_id).read() == b""
    with folder.events.open("a") as opened:
        opened.write('{"event": "step", "stage": "VAE", "step": 1, "steps": 5, "losses": {}}\n')
    assert Places(folder, last_id).read().startswith(b"id: ")
    assert b"event: step" in Places(folder, last_id).read()
    assert Places(folder, "nonsense").read().count(b"event: ") == 3


def test_progress_grows_to_nearly_all_and_says_how_long_it_takes() -> None:
    progress = Progress({"policy": "none"})
    assert progress.describe(0.0) is None
    shares, time = [], 0.0
    for part in ("fold 1 of 3", "fold 2 of 3", "fold 3 of 3", ""):
        for stage in ("VAE", "texture", "classifier"):
            for kind, step in (("stage", 0), ("step", 5), ("stage_end", 10)):
                time += 1
                event = {"event": kind, "part": part, "stage": f"{part}: {stage}", "steps": 10, "step": step}
                progress.follow(event | {"time": time})
                described = progress.describe(time)
                assert described is not None
                shares.append(described["share"])
    assert shares == sorted(shares) and 0.8 < shares[-1] < 1
    assert described is not None
    assert described["seconds_left"] == pytest.approx(time * (1 - shares[-1]) / shares[-1], abs=2)


def test_a_bundle_is_the_fits_own_by_its_digest_alone(tmp_path: Path) -> None:
    events, models = tmp_path / "events.jsonl", tmp_path / "models"
    assert find_outcome(events, models) is None
    line = '{"event": "publishing", "name": "a", "version": 1, "sha256": "%s", "objections": []}\n'
    events.write_text(line % ("0" * 64))
    (models / "a" / "1").mkdir(parents=True)
    (models / "a" / "1" / "manifest.json").write_text("of another fit")
    assert find_outcome(events, models) is None


# What runs.


@contextmanager
def run(studio: Opened, **settings: Any) -> Iterator[Runner]:
    """A runner, whose turns the test takes in this thread; what runs at the end is ended."""
    changed = replace(studio[0], **settings)
    runner = Runner(Queue(studio[1]), changed, changed.folder / "models", make_command(changed))
    try:
        yield runner
    finally:
        runner.stop()
        runner.run()


def take_turns(runner: Runner, id: str, state: str, seconds: float = 15) -> Job:
    """The job, once it is so."""

    def look() -> Job | None:
        runner.take_turn()
        job = runner.queue.get(id)
        return job if job.state == state else None

    found = wait_until(look, seconds, f"a job that is {state}; it is {runner.queue.get(id)}")
    assert found is not None
    return found


def test_a_job_runs_and_its_end_is_written_down(studio: Opened, queue: Queue) -> None:
    id = add(queue, seconds=0.5).id
    with run(studio) as runner:
        done = take_turns(runner, id, "done")
    assert done.result == {"version": 1, "objections": []}
    assert done.ended is not None and done.progress is None


def test_what_the_gate_withholds_is_published_or_discarded(studio: Opened, queue: Queue) -> None:
    one, other = add(queue, "one", status=3).id, add(queue, "other", status=3).id
    with run(studio) as runner:
        withheld = take_turns(runner, one, "withheld")
        assert withheld.result == {"version": None, "objections": ["It is worse than what is served."], "aside": 1}
        queue.publish(one, 100)
        assert (take_turns(runner, one, "done").result or {})["version"] == 1
        take_turns(runner, other, "withheld")
    assert queue.discard(other).state == "cancelled"


def test_a_refused_job_says_why_and_a_killed_one_by_what(studio: Opened, queue: Queue) -> None:
    refused, killed = add(queue, status=2).id, add(queue, seconds=60).id
    with run(studio) as runner:
        assert take_turns(runner, refused, "failed").reason == "fit.py: it cannot be fitted."
        take_turns(runner, killed, "running")
        (running,) = runner._running.values()
        os.kill(running.process.pid, signal.SIGKILL)
        began = time.monotonic()
        assert "ended by SIGKILL" in str(take_turns(runner, killed, "failed").reason)
        assert time.monotonic() - began < 5
        assert queue.resume(killed, 100).state == "queued"
        queue.cancel(killed)


def test_a_job_is_cancelled_while_it_runs_with_all_that_it_started(studio: Opened, queue: Queue) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    id = add(queue, command=[sys.executable, "-c", child]).id
    with run(studio) as runner:
        take_turns(runner, id, "running")
        (running,) = runner._running.values()
        wait_until(lambda: len(list_group(running.process.pid)) == 2, 10, "a child")
        queue.cancel(id)
        assert take_turns(runner, id, "cancelled").reason == "It was cancelled while it ran."
    wait_until(lambda: not list_group(running.process.pid), 10, "the end of its group")  # killed, but of idle priority


def list_group(group: int) -> list[int]:
    """The processes of a group that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        found += [int(stat.parent.name)] * (int(of) == group and state != "Z")
    return found


def test_a_job_that_takes_too_long_or_too_much_is_ended_and_says_so(studio: Opened, queue: Queue) -> None:
    slow = add(queue, seconds=60).id
    with run(studio, fit_seconds=0.3) as runner:
        assert "took longer than 0.3 s" in str(take_turns(runner, slow, "failed").reason)
    code = "held = bytearray(200 * 2**20); import time; time.sleep(60)"
    large = add(queue, command=[sys.executable, "-c", code]).id
    with run(studio, fit_bytes=100 * 2**20) as runner:
        assert "MiB of memory, and may take 100 here" in str(take_turns(runner, large, "failed").reason)


def test_memory_of_a_group_is_measured() -> None:
    assert measure_bytes(os.getpgrp()) > 10 * 2**20
    assert measure_bytes(2**22 + 1) == 0


def test_no_second_process_of_a_job_begins_while_one_lives(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "job")
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = Process(sleep, folder, Limits())
    try:
        with pytest.raises(Busy):
            Process(sleep, folder, Limits())
    finally:
        process.end("The test ends.", 0.0)
        wait_until(lambda: process.poll() is not None, 5, "its end")


def test_a_second_runner_of_a_folder_says_that_there_is_one(tmp_path: Path) -> None:
    take_lock(tmp_path)
    with pytest.raises(SystemExit, match="another process runs the fits of"):
        take_lock(tmp_path)


def test_a_runner_that_is_told_to_stop_queues_again_what_it_runs(studio: Opened, queue: Queue) -> None:
    id = add(queue, seconds=60).id
    with run(studio) as runner:
        take_turns(runner, id, "running")
    job = queue.get(id)
    assert job.state == "queued" and job.attempts == 0


def test_as_many_run_at_a_time_as_the_settings_say(studio: Opened, queue: Queue) -> None:
    ids = [add(queue, name, seconds=1.0).id for name in ("one", "two", "three")]
    with run(studio, fits=2) as runner:
        take_turns(runner, ids[1], "running")
        assert [queue.get(id).state for id in ids] == ["running", "running", "queued"]
        for id in ids:
            take_turns(runner, id, "done")


def test_a_fit_that_published_before_its_runner_died_is_not_run_again(studio: Opened, queue: Queue) -> None:
    id = add(queue).id
    with run(studio) as runner:
        take_turns(runner, id, "running")
        (running,) = runner._running.values()
        wait_until(lambda: running.process.poll() == 0, 10, "its end, which nobody writes down")
        runner._running.clear()
        let_lapse(queue, id)
        with run(studio) as another:
            assert (take_turns(another, id, "done").result or {})["version"] == 1
    assert (studio[0].folder / "ends.txt").read_text() == "waves\n"
    assert find_folder(studio[0].folder, id).events.exists()

"""What was done is counted by operation, model and outcome, over all workers, and strangers add nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from service.exposition import STATUS
from service.metrics import INSTRUMENTS, Distribution, Numbers
from service.settings import SUPERVISOR
from service.shared_numbers import SharedNumbers, absorb_ended, add_numbers
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server, call_at_once, find_children, run_server, wait_until
from tests.service.test_refusals import assert_refused


def _count(server: Server, name: str, **labels: str) -> float:
    wanted = {f'{label}="{text}"' for label, text in labels.items()}
    found = [
        value
        for line, value in server.read_metrics().items()
        if line.partition("{")[0] == name and wanted == set(re.findall(r'\w+="[^"]*"', line))
    ]
    assert len(found) <= 1
    return sum(found)


def test_metrics_count_what_was_done(server: Server, cases: Labelled):
    def state() -> list[float]:
        model = {"model": "sines"}
        return [
            _count(server, "seriesmith_requests_total", operation="classify", outcome="ok", **model),
            _count(server, "seriesmith_requests_total", operation="classify", outcome="invalid_request", **model),
            _count(server, "seriesmith_requests_total", operation="classify", outcome="not_found", model=""),
            _count(server, "seriesmith_rows_total", operation="classify", **model),
            _count(server, "seriesmith_batch_rows_sum", operation="classify", **model),
            _count(server, "seriesmith_batch_rows_count", operation="classify", **model),
            _count(server, "seriesmith_inference_seconds_count", operation="classify", **model),
            _count(server, "seriesmith_samples_total", class_label="2", **model),
            _count(server, "seriesmith_acceptance_ratio_count", class_label="2", **model),
            _count(server, "seriesmith_queue_rows"),
        ]

    before = state()
    server.answer("classify", model="sines", series=cases.series[:7])
    server.post("classify", model="sines", series=[[[1.0], [1.0]]])
    server.post("classify", model="cosines", series=[[1.0]])
    server.answer("sample", model="sines", counts={"2": 5})
    change = [after - earlier for after, earlier in zip(state(), before, strict=True)]
    assert change == [1, 1, 1, 7, 7, 1, 1, 5, 1, 0]
    assert _count(server, "seriesmith_served", model="sines", version="1") == 1


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure_of_the_server(server: Server):
    def outcomes(outcome: str) -> float:
        return _count(server, "seriesmith_requests_total", operation="classify", model="", outcome=outcome)

    before = outcomes("cancelled"), outcomes("internal")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b'{"model"')
    wait_until(lambda: outcomes("cancelled") == before[0] + 1, seconds=5, what="a cancelled request")
    assert outcomes("internal") == before[1]


def test_strangers_add_no_lines_to_the_metrics(server: Server, cases: Labelled):
    """Unknown paths and models must not fill a monitoring system."""
    server.post("classify", model="first-stranger", series=cases.series[:1])
    server.http.get("/first-stranger")
    names = _list_lines(server)
    for stranger in ("nobody", "nothing", "nowhere"):
        server.http.get(f"/{stranger}")
        server.http.post(f"/{stranger}", json={})
        server.post("classify", model=stranger, series=cases.series[:1])
    assert _list_lines(server) == names
    assert not [line for line in names if "stranger" in line]


def _list_lines(server: Server) -> set[str]:
    """Names and labels of all metrics, BentoML's too."""
    return {line.rpartition(" ")[0] for line in server.http.get("/metrics").text.splitlines()}


def find_shared_folder(server: Server) -> Path:
    """The folder that the workers of a server share."""
    environment = Path(f"/proc/{find_children(server.pid)[0]}/environ").read_bytes().split(b"\0")
    (found,) = [line for line in environment if line.startswith(SUPERVISOR.encode() + b"=")]
    return Path(found.decode().partition(":")[2])


def list_kept_files(server: Server) -> list[Path]:
    """The files of the workers that counted requests."""
    files = find_shared_folder(server).glob("*-*.numbers")
    return [file for file in files if orjson.loads(file.read_bytes())["numbers"]["seriesmith_requests"]]


def test_metrics_are_those_of_all_workers(repository: Path, tmp_path: Path, cases: Labelled):
    """Either of two workers tells of both."""
    with run_server(tmp_path, repository, workers=2, threads=1) as server:
        url = server.url
        n_asked = 0
        while len(list_kept_files(server)) < 2:  # the kernel gives connections to either, to one alone at first perhaps
            assert n_asked < 6000, "one worker answered everything, so nothing was shown"
            call_at_once([lambda: Server(url).answer("encode", model="sines", series=cases.series[:3])] * 60)
            n_asked += 60
        labels = {"operation": "encode", "model": "sines"}

        def told(teller: Server) -> list[float]:
            answered = _count(teller, "seriesmith_requests_total", outcome="ok", **labels)
            return [answered, _count(teller, "seriesmith_rows_total", **labels)]

        wait_until(
            lambda: told(Server(url)) == [n_asked, 3 * n_asked], seconds=5, what="both workers' counts, a moment later"
        )
        assert all(told(Server(url)) == [n_asked, 3 * n_asked] for _ in range(10))

        assert _count(Server(url), "seriesmith_served", model="sines", version="1") == 2
        folder = find_shared_folder(server)
        assert folder.stat().st_mode & 0o777 == 0o700
        os.kill(find_children(server.pid)[0], signal.SIGKILL)
        wait_until(lambda: (folder / "ended.numbers").exists(), seconds=10, what="the sum of what ended")
        for _ in range(10):
            assert told(Server(url)) == [n_asked, 3 * n_asked]
            assert _count(Server(url), "seriesmith_queue_rows") == 0
    assert not folder.exists()


def test_bentomls_dashboards_see_our_traffic(server: Server, cases: Labelled):
    """By the names and labels of its own instruments, which count nothing on our paths."""

    def seen() -> list[float]:
        lines = [line.rpartition(" ") for line in server.http.get("/metrics").text.splitlines()]
        labels = 'runner_name="seriesmith",service_name="seriesmith",service_version="not available"}'
        found = {line: float(value) for line, _, value in lines if line.startswith("bentoml_service_")}
        status = 'endpoint="/classify",http_response_code="{}",'
        names = [f"request_total{{{status.format(code)}{labels}" for code in (200, 400, 500)]
        names += [f"request_duration_seconds_count{{{status.format(200)}{labels}"]
        names += [f'request_in_progress{{endpoint="/classify",{labels}']
        return [found.get(f"bentoml_service_{name}", 0) for name in names]

    before = seen()
    server.answer("classify", model="sines", series=cases.series[:2])
    server.post("classify", model="sines", series=[[[1.0], [1.0]]])
    assert [after - earlier for after, earlier in zip(seen(), before, strict=True)] == [1, 1, 0, 1, 0]


def test_metrics_are_read_and_not_sent(server: Server):
    assert server.http.head("/metrics").content == b""
    assert_refused(server.http.post("/metrics"), 405, "method_not_allowed", None, "/metrics")
    types = {line.split()[2] for line in server.http.get("/metrics").text.splitlines() if line.startswith("# TYPE")}
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"} <= types


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_costs_no_answer(repository: Path, tmp_path: Path, cases: Labelled, monkeypatch):
    """Neither under BENTOML_HOME nor where temporary files are: numbers may be missing, nobody ends."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        monkeypatch.setenv("TMPDIR", str(disk))
        with run_server(disk, repository, workers=2, threads=1) as server:
            before = set(find_children(server.pid))
            expected = server.answer("classify", model="sines", series=cases.series[:3])["probabilities"]
            fill = (disk / "fill").open("wb", buffering=0)
            with suppress(OSError):
                while True:
                    fill.write(bytes(4096))
            url = server.url
            answers = call_at_once([lambda: Server(url).post("classify", model="sines", series=cases.series[:3])] * 100)
            assert {answer.status_code for answer in answers} == {200}
            for answer in answers:
                assert compute_relative_difference(answer.json()["probabilities"], expected) < 1e-5
            for path in ("/metrics", "/livez", "/readyz", "/nowhere", "/schema.json"):
                assert server.http.get(path).status_code == (404 if path == "/nowhere" else 200)
            wait_until(
                lambda: "cannot be told" in (disk / "server.log").read_text(), seconds=5, what="a word in the log"
            )
            time.sleep(1)
            assert set(find_children(server.pid)) == before
            assert (disk / "server.log").read_text().count("cannot be told") <= 2
            fill.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_numbers_are_added_and_gauges_end_with_their_worker(tmp_path: Path):
    mine = SharedNumbers(tmp_path)
    theirs: Numbers = {"seriesmith_requests": {("encode", "", "ok"): [3.0]}, "seriesmith_queue_rows": {(): [7.0]}}
    asyncio.run(mine.share(dict(theirs)))
    assert SharedNumbers(tmp_path).read_others()[0][1:] == [theirs]
    for _ in range(2):  # the second time there is nothing left to add
        absorb_ended(tmp_path, living=set())
        others, pids = SharedNumbers(tmp_path).read_others()
        assert add_numbers(others) == {"seriesmith_requests": {("encode", "", "ok"): [3.0]}} and pids == []
    assert [file.name for file in tmp_path.iterdir()] == ["ended.numbers"]
    theirs["seriesmith_queue_rows"] = {(): [8.0]}
    asyncio.run(mine.share(dict(theirs)))  # counted once, though its file is back
    assert add_numbers(SharedNumbers(tmp_path).read_others()[0]) == add_numbers(others)


def test_numbers_that_cannot_be_written_are_said_once_and_raise_nothing(tmp_path: Path, caplog):
    lost = SharedNumbers(tmp_path / "gone")
    for amount in (1.0, 2.0):
        asyncio.run(lost.share({"seriesmith_queue_rows": {(): [amount]}}))
    assert len([record for record in caplog.records if "serving goes on" in record.message]) == 1
    assert lost.read_others() == ([{}], [])


def test_a_histogram_counts_what_is_at_most_its_bound():
    distribution = Distribution("test_amounts", "d", ("a",), (1, 2, 8))
    del INSTRUMENTS["test_amounts"]
    for amount in (0.5, 1, 1.5, 2, 2, 7, 100):
        distribution.observe(("x",), amount)
    assert distribution.read() == {("x",): [2, 3, 1, 1, 114.0]} == distribution.read()


def test_every_error_has_a_status_that_bentomls_dashboards_show():
    assert STATUS["ok"] == 200 and STATUS["internal"] == 500 and STATUS["overloaded"] == 429

"""What was done is counted by operation, model and outcome, over all workers, and strangers add nothing."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram

from service.metrics import observe_all
from tests.service.bundles import Labelled
from tests.service.server import Server, at_once, serving, until


def _counted(server: Server, name: str, **labels: str) -> float:
    wanted = {f'{label}="{text}"' for label, text in labels.items()}
    found = [
        value
        for line, value in server.metrics().items()
        if line.partition("{")[0] == name and wanted == set(re.findall(r'\w+="[^"]*"', line))
    ]
    assert len(found) <= 1
    return sum(found)


def test_metrics_count_what_was_done(server: Server, cases: Labelled):
    def state() -> list[float]:
        model = {"model": "sines"}
        return [
            _counted(server, "seriesmith_requests_total", operation="classify", outcome="ok", **model),
            _counted(server, "seriesmith_requests_total", operation="classify", outcome="invalid_request", **model),
            _counted(server, "seriesmith_requests_total", operation="classify", outcome="not_found", model=""),
            _counted(server, "seriesmith_rows_total", operation="classify", **model),
            _counted(server, "seriesmith_batch_rows_sum", operation="classify", **model),
            _counted(server, "seriesmith_batch_rows_count", operation="classify", **model),
            _counted(server, "seriesmith_inference_seconds_count", operation="classify", **model),
            _counted(server, "seriesmith_samples_total", class_label="2", **model),
            _counted(server, "seriesmith_acceptance_ratio_count", class_label="2", **model),
            _counted(server, "seriesmith_queue_rows"),
        ]

    before = state()
    server.answer("classify", model="sines", series=cases.series[:7])
    server.post("classify", model="sines", series=[[[1.0], [1.0]]])
    server.post("classify", model="cosines", series=[[1.0]])
    server.answer("sample", model="sines", counts={"2": 5})
    change = [after - earlier for after, earlier in zip(state(), before, strict=True)]
    assert change == [1, 1, 1, 7, 7, 1, 1, 5, 1, 0]


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure_of_the_server(server: Server):
    def outcomes(outcome: str) -> float:
        return _counted(server, "seriesmith_requests_total", operation="classify", model="", outcome=outcome)

    before = outcomes("cancelled"), outcomes("internal")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "POST /classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b'{"model"')
    until(lambda: outcomes("cancelled") == before[0] + 1, seconds=5, what="a cancelled request")
    assert outcomes("internal") == before[1]


def test_strangers_add_no_lines_to_the_metrics(server: Server, cases: Labelled):
    """Unknown paths and models must not fill a monitoring system."""
    server.post("classify", model="first-stranger", series=cases.series[:1])
    server.http.get("/first-stranger")
    names = _lines(server)
    for stranger in ("nobody", "nothing", "nowhere"):
        server.http.get(f"/{stranger}")
        server.http.post(f"/{stranger}", json={})
        server.post("classify", model=stranger, series=cases.series[:1])
    assert _lines(server) == names
    assert not [line for line in names if "stranger" in line]


def _lines(server: Server) -> set[str]:
    """Names and labels of all metrics, BentoML's too."""
    return {line.rpartition(" ")[0] for line in server.http.get("/metrics").text.splitlines()}


def kept_by(folder: Path) -> list[Path]:
    """The files of the processes that counted requests."""
    return [file for file in folder.rglob("counter_*.db") if b'"seriesmith_requests_total"' in file.read_bytes()]


def test_metrics_are_those_of_all_workers(repository: Path, tmp_path: Path, cases: Labelled):
    """Either of two workers tells of both."""
    with serving(tmp_path, repository, workers=2, threads=1) as server:
        url = server.url
        n_asked = 0
        while len(kept_by(tmp_path)) < 2:  # the kernel gives connections to either, to one alone at first perhaps
            assert n_asked < 6000, "one worker answered everything, so nothing was shown"
            at_once([lambda: Server(url).answer("encode", model="sines", series=cases.series[:3])] * 60)
            n_asked += 60
        labels = {"operation": "encode", "model": "sines"}

        def told(teller: Server) -> list[float]:
            answered = _counted(teller, "seriesmith_requests_total", outcome="ok", **labels)
            return [answered, _counted(teller, "seriesmith_rows_total", **labels)]

        until(
            lambda: told(Server(url)) == [n_asked, 3 * n_asked], seconds=5, what="both workers' counts, a moment later"
        )
        assert all(told(Server(url)) == [n_asked, 3 * n_asked] for _ in range(10))


def test_many_observations_at_once_are_those_one_by_one():
    """By fields of prometheus_client that are not public: should this fail, read service/metrics.py."""
    amounts = [0.5, 1, 1.5, 2, 2, 7, 100]
    registry = CollectorRegistry()
    together, single = (
        Histogram(name, "d", ["a"], buckets=(1, 2, 8), registry=registry).labels("x") for name in ("together", "single")
    )
    observe_all(together, amounts)
    for amount in amounts:
        single.observe(amount)
    lines = [
        [sample.value for sample in metric.samples if not sample.name.endswith("_created")]
        for metric in registry.collect()
    ]
    assert lines[0] == lines[1] and sum(amounts) in lines[0]

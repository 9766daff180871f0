"""Generation leaves in chunks: as much as is asked for, in flat memory, and not more than is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest

from tests.service import wires
from tests.service.bundles import Labelled
from tests.service.server import Server, find_children, run_server, wait_until

ROW_BYTES = 2 * 64 * 4


def _find_worker(server: Server) -> int:
    return next(
        child for child in find_children(server.pid) if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


def _measure_resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def _count_queued(server: Server) -> float:
    return server.read_metrics()["seriesmith_queue_rows"]


def _count_sampled(server: Server) -> float:
    return sum(value for name, value in server.read_metrics().items() if name.startswith("seriesmith_rows_total"))


def _stream(server: Server, accept: str, **fields: object):
    content = orjson.dumps({"model": "sines", **fields})
    return server.http.stream("POST", "/sample", content=content, headers={"accept": accept})


LONG = pytest.mark.reliability
"""Of what the short form before it shows too, with more of it."""


@pytest.mark.parametrize("count", [15_000, pytest.param(120_000, marks=LONG)])
def test_more_than_one_request_may_have_is_streamed_in_flat_memory(server: Server, count: int):
    pid = _find_worker(server)
    with _stream(server, wires.OCTETS, counts={"1": 2000}, seed=3) as warm:
        warm.read()
    before, highest, size = _measure_resident(pid), 0, 0
    with _stream(server, wires.OCTETS, counts={"1": count}, seed=3) as response:
        assert response.status_code == 200
        for chunk in response.iter_raw():
            size += len(chunk)
            highest = max(highest, _measure_resident(pid))
    assert size > count * ROW_BYTES

    assert highest - before < size / 3


def test_a_stream_begins_as_the_whole_answer_does(server: Server):
    whole = np.array(server.answer("sample", model="sines", counts={"1": 300}, seed=3)["series"], np.float32)
    with _stream(server, wires.OCTETS, counts={"1": 12_000}, seed=3) as response:
        start = b""
        for chunk in response.iter_raw():
            start += chunk
            if len(start) >= 300 * ROW_BYTES:
                break
    assert start[: 300 * ROW_BYTES] == whole.astype("<f4").tobytes()


@pytest.mark.parametrize("accept", [wires.OCTETS, wires.ARROW, wires.LINES, wires.PARTS])
def test_work_stops_when_the_client_does(server: Server, accept: str):
    before = _count_sampled(server)
    with _stream(server, accept, counts={"1": 2_000_000}) as response:
        chunks = response.iter_raw()
        assert next(chunks)
        assert _count_queued(server) > 0
    wait_until(lambda: _count_queued(server) == 0, seconds=5, what="the end of the work")
    assert _count_sampled(server) - before < 400_000


def test_a_client_that_does_not_read_is_not_run_ahead_of(server: Server):
    before = _count_sampled(server)
    with _stream(server, wires.OCTETS, counts={"1": 1_000_000}):
        wait_until(lambda: _count_sampled(server) > before, seconds=10, what="the first series")
        made = 0.0
        for _ in range(200):
            last, made = made, _count_sampled(server)
            if made == last and made > before:
                break
        assert made - before < 100_000
    wait_until(lambda: _count_queued(server) == 0, seconds=5, what="the end of the work")


def test_small_requests_are_answered_while_a_stream_runs(server: Server, cases: Labelled):
    expected = server.answer("classify", model="sines", series=cases.series[:2])["probabilities"]
    with _stream(server, wires.OCTETS, counts={"1": 6_000}) as response:
        other = Server(server.url)
        for number, _ in enumerate(response.iter_raw()):
            if number % 10 == 0:
                answer = other.answer("classify", model="sines", series=cases.series[:2])
                assert np.allclose(answer["probabilities"], expected, rtol=1e-5, atol=1e-6)


def test_a_stream_has_its_own_bound_on_rows(server: Server):
    with _stream(server, wires.OCTETS, counts={"1": 10_000_001}) as response:
        response.read()
        assert response.status_code == 413 and "SERIESMITH_MAX_STREAM_ROWS" in response.text


def test_only_generation_is_answered_line_by_line(server: Server, cases: Labelled):
    body = orjson.dumps({"model": "sines", "series": cases.series[:1].tolist()})
    response = server.send("encode", body, accept=wires.LINES)
    assert response.status_code == 400 and "accept application/json" in response.text


@pytest.fixture(scope="module")
def impatient(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Waits a second, for answers and for who takes them."""
    with run_server(tmp_path_factory.mktemp("impatient"), repository, timeout_seconds=1, write_seconds=1) as running:
        yield running


@pytest.mark.parametrize("accept", [wires.OCTETS, wires.ARROW])
def test_who_does_not_read_at_all_gives_the_place_back(impatient: Server, accept: str):
    def cancelled() -> float:
        name = 'seriesmith_requests_total{model="sines",operation="sample",outcome="cancelled"}'
        return impatient.read_metrics().get(name, 0)

    before = cancelled()
    with _stream(impatient, accept, counts={"1": 2_000_000}):
        assert _count_queued(impatient) > 0
        wait_until(lambda: _count_queued(impatient) == 0, seconds=60, what="a place that is free again")
    wait_until(lambda: cancelled() == before + 1, seconds=5, what="a request that was counted once")


def test_a_large_body_to_nowhere_is_not_taken_in(server: Server):
    for path, status in {"/nowhere": 404, "/models": 405, "/v2/repository/index": 413}.items():
        response = server.http.post(path, content=b" " * 2_000_000)
        assert response.status_code == status, response.text

"""A stream is made as it is read, and ends with its reader."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.service.grpc.conversation import build_request, connect
from tests.service.server import Server, find_children, wait_until
from tests.service.stubs import SeriesmithStub

ENDLESS = build_request("sample", model="sines", n_per_class=1_000_000)


@pytest.fixture
def leaving(server: Server) -> Iterator[grpc.Channel]:
    """A connection that a test may break."""
    with connect(server) as channel:
        yield channel


def _start(channel: grpc.Channel, **options: Any) -> Any:
    """A long stream, some of which has been read."""
    stream = SeriesmithStub(channel).SampleStream(ENDLESS, **options)
    for _ in range(3):
        next(stream)
    return stream


def _count(server: Server, outcome: str) -> float:
    name = f'seriesmith_requests_total{{model="sines",operation="sample",outcome="{outcome}"}}'
    return server.read_metrics().get(name, 0)


def _count_samples(server: Server) -> float:
    return server.read_metrics().get('seriesmith_rows_total{model="sines",operation="sample"}', 0)


def _assert_idle(server: Server) -> None:
    """Nothing waits, and nothing is made any more."""
    wait_until(lambda: server.read_metrics()["seriesmith_queue_rows"] == 0, seconds=5, what="an empty queue")
    made = _count_samples(server)
    time.sleep(0.3)
    assert _count_samples(server) == made < 2_000_000


def test_a_client_that_cancels_ends_the_work(server: Server, leaving: grpc.Channel):
    before = _count(server, "cancelled")
    _start(leaving).cancel()
    wait_until(lambda: _count(server, "cancelled") == before + 1, seconds=5, what="the end")
    _assert_idle(server)


def test_a_client_that_disconnects_ends_the_work(server: Server, leaving: grpc.Channel):
    before = _count(server, "cancelled")
    stream = _start(leaving)
    leaving.close()
    wait_until(lambda: _count(server, "cancelled") == before + 1, seconds=5, what="the end")
    _assert_idle(server)
    assert stream.code() is grpc.StatusCode.CANCELLED


def test_a_deadline_ends_the_work(server: Server, leaving: grpc.Channel):
    before = _count(server, "deadline_exceeded")
    with pytest.raises(grpc.RpcError) as ended:
        for _ in _start(leaving, timeout=0.5):
            pass
    assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: _count(server, "deadline_exceeded") == before + 1, seconds=5, what="the end")
    _assert_idle(server)


def test_a_client_that_leaves_an_answer_whole_ends_the_work_too(server: Server, leaving: grpc.Channel):
    before = _count(server, "cancelled")
    call = SeriesmithStub(leaving).Sample.future(build_request("sample", model="sines", counts={"1": 10_000}))
    wait_until(lambda: server.read_metrics()["seriesmith_queue_rows"] > 0, seconds=5, what="work")
    call.cancel()
    wait_until(lambda: _count(server, "cancelled") == before + 1, seconds=5, what="the end")
    _assert_idle(server)


def test_who_does_not_read_is_not_written_for(server: Server, leaving: grpc.Channel):
    """What is made waits for its reader: the work stands still, and memory with it."""
    stream = SeriesmithStub(leaving).SampleStream(ENDLESS)
    next(stream)
    seen: list[float] = []

    def still() -> bool:
        seen.append(_count_samples(server))
        time.sleep(0.3)
        return len(seen) > 1 and seen[-1] == seen[-2]

    wait_until(still, seconds=60, what="a stream that stands still")
    assert seen[-1] - seen[0] < 1_000_000
    stream.cancel()
    _assert_idle(server)


@pytest.mark.parametrize("count", [15_000, pytest.param(40_000, marks=pytest.mark.reliability)])
def test_memory_stays_flat_while_much_is_streamed(server: Server, leaving: grpc.Channel, count: int):
    def resident() -> int:
        pids = [pid for pid in find_children(server.pid) if "service" in Path(f"/proc/{pid}/cmdline").read_text()]
        return max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in pids)

    for _ in SeriesmithStub(leaving).SampleStream(build_request("sample", model="sines", counts={"1": 2_000})):
        pass
    before = resident()
    for _ in SeriesmithStub(leaving).SampleStream(build_request("sample", model="sines", counts={"1": count})):
        pass

    assert resident() - before < count * 2 * 64 * 4 / 3

"""A series' answer does not depend on what it was batched with; the batcher conserves work and bounds what waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from bundle.errors import Overloaded
from service.batcher import Batcher
from service.lane import Lane
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server, send_burst

FIELDS = {
    "encode": ("posterior_mean", "posterior_log_variance"),
    "reconstruct": ("series", "error", "anomaly_score"),
    "classify": ("probabilities", "typicality"),
}


@pytest.mark.parametrize("operation", FIELDS)
def test_a_series_has_the_same_answer_alone_and_in_any_batch(server: Server, cases: Labelled, operation: str):
    more = {"with_": ["typicality"]} if operation == "classify" else {}
    alone = [server.answer(operation, model="sines", series=case[None], **more) for case in cases.series[:20]]
    starts = [(start, size) for size in (1, 2, 3, 7, 11) for start in range(20 - size)]
    pieces = [{"model": "sines", "series": cases.series[start : start + size]} for start, size in starts]
    with_extras = {name.rstrip("_"): value for name, value in more.items()}
    before = _count_calls(server)
    answers = send_burst(server, operation, [piece | with_extras for piece in pieces])
    assert _count_calls(server) - before < len(starts), "nothing was batched, so nothing was shown"
    for (start, size), answer in zip(starts, answers, strict=True):
        for field in FIELDS[operation]:
            expected = [value for one in alone[start : start + size] for value in one[field]]
            assert compute_relative_difference(answer[field], expected) < 1e-5, (field, start, size)


def _count_calls(server: Server) -> float:
    """Graph calls of row-wise computations, typicality counted with its classification."""
    counts = server.read_metrics().items()
    return sum(value for name, value in counts if "batch_rows_count" in name and 'operation="typicality"' not in name)


class Doubling:
    """Doubles its rows, one call at a time, each held until the gate opens; remembers the calls' sizes."""

    def __init__(self) -> None:
        self.gate, self.running = threading.Event(), threading.Event()
        self.sizes: list[int] = []

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        self.sizes.append(len(rows))
        self.running.set()
        assert self.gate.wait(10)
        if (rows < 0).any():
            raise ValueError("negative rows are refused")
        return 2 * rows, rows.sum(axis=1)

    async def hold_one(self, batcher: Batcher) -> asyncio.Task[Any]:
        """A one-row request that is running and stays so until the gate opens."""
        task = asyncio.create_task(batcher.submit(_make_rows(1)))
        assert await asyncio.to_thread(self.running.wait, 10)
        return task


def _make_rows(count: int, first: float = 1.0) -> np.ndarray:
    return np.full((count, 3), first, np.float32) + np.arange(count, dtype=np.float32)[:, None]


def _run(scenario: Callable[[Doubling, Batcher], Coroutine[Any, Any, None]], max_rows: int = 8) -> Doubling:
    function, lane = Doubling(), Lane(limit_rows=100)
    try:
        asyncio.run(
            asyncio.wait_for(
                scenario(function, Batcher(function, lane, max_rows, "test", "doubling", piece_rows=max_rows)), 20
            )
        )
    finally:
        function.gate.set()
        lane.close()
    return function


async def _queue(batcher: Batcher, requests: list[np.ndarray]) -> list[asyncio.Task[Any]]:
    """The requests as tasks, all of them waiting in the batcher."""
    tasks = [asyncio.create_task(batcher.submit(rows)) for rows in requests]
    await asyncio.sleep(0)
    return tasks


def test_what_arrives_while_a_batch_runs_goes_into_the_next_together():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        first = await function.hold_one(batcher)
        requests = [_make_rows(count, first=10.0 * count) for count in (1, 3, 2)]
        others = await _queue(batcher, requests)
        function.gate.set()
        await first
        for rows, (doubled, sums) in zip(requests, await asyncio.gather(*others), strict=True):
            assert np.array_equal(doubled, 2 * rows) and np.array_equal(sums, rows.sum(axis=1))

    assert _run(scenario).sizes == [1, 6]


def test_a_lone_request_runs_at_once():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        function.gate.set()
        for _ in range(3):
            await batcher.submit(_make_rows(2))

    assert _run(scenario).sizes == [2, 2, 2]


def test_a_batch_has_no_more_rows_than_allowed():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        first = await function.hold_one(batcher)
        others = await _queue(batcher, [_make_rows(3)] * 5)
        function.gate.set()
        await asyncio.gather(first, *others)

    assert _run(scenario, max_rows=7).sizes == [1, 6, 6, 3]


def test_a_large_request_goes_in_pieces_and_a_small_one_gets_in_between():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        first = await function.hold_one(batcher)
        large, small = await _queue(batcher, [_make_rows(80), _make_rows(2)])
        order: list[str] = []
        large.add_done_callback(lambda _: order.append("large"))
        small.add_done_callback(lambda _: order.append("small"))
        function.gate.set()
        doubled, sums = await large
        assert np.array_equal(doubled, 2 * _make_rows(80)) and np.array_equal(sums, _make_rows(80).sum(axis=1))
        await asyncio.gather(first, small)
        assert order == ["small", "large"]

    assert max(_run(scenario).sizes) == 8


def test_a_caller_who_leaves_does_not_disturb_the_others():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        first = await function.hold_one(batcher)
        requests = [_make_rows(1, first=value) for value in (5.0, 6.0, 7.0)]
        left, gone, right = await _queue(batcher, requests)
        gone.cancel()
        first.cancel()
        await asyncio.sleep(0)
        function.gate.set()
        assert np.array_equal((await left)[0], 2 * requests[0])
        assert np.array_equal((await right)[0], 2 * requests[2])
        assert gone.cancelled() and first.cancelled()

    assert _run(scenario).sizes == [1, 2]


def test_a_failing_batch_fails_its_own_callers_and_the_next_goes_on():
    async def scenario(function: Doubling, batcher: Batcher) -> None:
        first = await function.hold_one(batcher)
        bad, same_batch, next_batch = await _queue(batcher, [_make_rows(1, first=-5.0), _make_rows(7), _make_rows(2)])
        function.gate.set()
        endings = await asyncio.gather(first, bad, same_batch, next_batch, return_exceptions=True)
        assert [isinstance(ending, ValueError) for ending in endings] == [False, True, True, False]

    assert _run(scenario).sizes == [1, 8, 2]


def test_what_would_exceed_the_bound_is_refused_at_once_and_taken_when_there_is_room():
    lane = Lane(limit_rows=10)
    with lane.admit(8):
        with pytest.raises(Overloaded, match="8 series are waiting and 3 more would exceed the limit of 10"):
            lane.admit(3).__enter__()
        with lane.admit(2):
            pass
    with lane.admit(10):
        pass
    lane.close()


def test_a_request_that_fails_gives_its_place_back():
    lane = Lane(limit_rows=10)
    with pytest.raises(ValueError, match="any failure"), lane.admit(10):
        raise ValueError("any failure")
    with lane.admit(10):
        pass
    lane.close()


def test_nobody_waits_for_a_lane_that_has_closed():
    async def closed() -> list[Any]:
        lane = Lane(100)
        batcher = Batcher(lambda rows: (rows,), lane, 4, "encode", "test")
        lane.close()
        requests = [batcher.submit(np.zeros((3, 1), np.float32)) for _ in range(3)]
        return await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), 5)

    assert all(isinstance(answer, Exception) for answer in asyncio.run(closed()))

"""Series like those of training are as usual as those; others are not, and the metric shows it. It costs no request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from service import metrics
from service.drift import Drift
from service.lane import Lane
from tests.service.bundles import Labelled
from tests.service.server import Server, wait_until


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane(1000)
    yield lane
    lane.close()


def _count(label: str) -> tuple[float, float]:
    """How many series of version 1 were measured, and how many of them lay below .05."""
    table = metrics.typicality.read().get((label, "1"), [0.0] * 9)
    return sum(table[:-1]), sum(table[:2])


def _measure(lane: Lane, bundle: Bundle, most_rows: int, *requests: np.ndarray) -> tuple[float, float]:
    async def run() -> None:
        drift = Drift(lane, most_rows)
        for series in requests:
            drift.see(bundle, series)
        await drift.measure()
        await drift.measure()  # what was measured is not measured again

    before = _count(bundle.manifest.name)
    asyncio.run(run())
    after = _count(bundle.manifest.name)
    return after[0] - before[0], after[1] - before[1]


def test_series_of_training_are_usual_and_others_are_not(sines: Bundle, cases: Labelled, lane: Lane):
    series = np.asarray(cases.series, np.float32)
    assert _measure(lane, sines, 1000, series)[1] / len(series) < 0.2
    strange = np.random.default_rng(0).normal(0, 1000, series.shape).astype(np.float32)
    measured, unusual = _measure(lane, sines, 1000, strange)
    assert measured == len(series) and unusual / measured > 0.9


@pytest.mark.parametrize(
    ("most_rows", "sizes", "measured"),
    [(10, [1, 1, 1], 3), (10, [30, 30], 10), (10, [4, 30], 10), (10, [11], 10), (0, [5], 0)],
)
def test_of_one_second_no_more_than_so_many_are_measured(
    sines: Bundle, cases: Labelled, lane: Lane, most_rows: int, sizes: list[int], measured: int
):
    series = np.asarray(cases.series, np.float32)
    assert _measure(lane, sines, most_rows, *[series[:size] for size in sizes])[0] == measured


def test_series_beyond_all_numbers_count_as_unusual(sines: Bundle, cases: Labelled, lane: Lane):
    huge = np.full_like(np.asarray(cases.series[:3], np.float32), 3e38)
    assert _measure(lane, sines, 10, huge) == (3, 3)


def test_a_bundle_that_knows_no_typicality_is_left_out(
    sines: Bundle, cases: Labelled, lane: Lane, monkeypatch: pytest.MonkeyPatch
):
    can: Callable[[str], bool] = sines.can
    monkeypatch.setattr(Bundle, "can", lambda self, what: what != "typicality" and can(what))
    assert _measure(lane, sines, 10, np.asarray(cases.series[:3], np.float32)) == (0, 0)


def test_a_lane_that_is_closed_is_no_failure(sines: Bundle, cases: Labelled):
    lane = Lane(10)
    lane.close()
    assert _measure(lane, sines, 10, np.asarray(cases.series[:3], np.float32)) == (0, 0)


def test_a_server_shows_the_typicality_of_what_comes(server: Server, cases: Labelled):
    name = 'seriesmith_typicality_count{model="sines",version="1"}'
    before = server.read_metrics().get(name, 0)
    server.answer("classify", model="sines", series=cases.series[:4])
    wait_until(lambda: server.read_metrics().get(name, 0) >= before + 1, 10, "the typicality of what came")

"""Batches hold real cases and as many synthetic ones, which weigh less, and at last real ones alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seriesmith import Client, InvalidRequest
from seriesmith.mixing import Mixing
from tests.client.conftest import KEY
from tests.service.bundles import Labelled
from tests.service.server import Server
from training import data as datasets

LABELS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 2])


@pytest.fixture(scope="module")
def series(cases: Labelled) -> np.ndarray:
    """Ten of the sines, none like another."""
    return cases.series[:10]


def mix(server: Server, series: np.ndarray, **more: Any) -> Mixing:
    return Mixing(server.url, series, LABELS, "sines", **{"batch_size": 4, "pool": 9, "seed": 3} | more)


def find_places(found: np.ndarray, series: np.ndarray) -> list[int]:
    """Where each of the series found stands among `series`."""
    return [int(np.flatnonzero((series == one).all(axis=(1, 2)))[0]) for one in found]


def test_a_batch_is_half_real_and_half_synthetic_at_the_weight(server: Server, series: np.ndarray):
    batch = mix(server, series, weight=0.25).draw(0)
    places = find_places(batch.series[:4], series)
    assert batch.series.shape == (8, 2, 64) and batch.series.dtype == batch.sample_weight.dtype == np.float32
    assert batch.class_index[:4].tolist() == LABELS[places].tolist()
    assert batch.sample_weight.tolist() == [1.0] * 4 + [0.25] * 4
    assert not any((one == series).all(axis=(1, 2)).any() for one in batch.series[4:])


@pytest.mark.parametrize("batch_size", [1, 4, 10, 16])
def test_a_pass_has_every_real_case_and_none_twice(server: Server, series: np.ndarray, batch_size: int):
    mixing = mix(server, series, batch_size=batch_size, n_steps=50, finish=1.0)
    found = np.concatenate([batch.series for batch in mixing.iterate()])
    passes = [find_places(found[start : start + 10], series) for start in range(0, 30, 10)]
    assert all(sorted(one) == list(range(10)) for one in passes[: batch_size * 50 // 10])
    assert batch_size == 1 or passes[0] != passes[1]


def test_the_last_steps_are_of_real_cases_alone(server: Server, series: np.ndarray):
    sizes = [len(batch.series) for batch in mix(server, series, n_steps=10, finish=0.4).iterate()]
    assert sizes == [8] * 6 + [4] * 4
    assert {len(mix(server, series).draw(step).series) for step in (0, 10, 10**6)} == {8}


def test_synthetic_cases_are_as_many_of_each_class_however_rare_it_is(server: Server, series: np.ndarray):
    mixing = mix(server, series, batch_size=10, pool=300)
    drawn = np.concatenate([mixing.draw(step).class_index[10:] for step in range(90)])
    counts = np.bincount(drawn)
    assert len(drawn) == 900 and counts.min() > 250  # 300 each; 250 would be 3.5 standard deviations away


def test_equal_seeds_give_equal_batches_whichever_come_first(server: Server, series: np.ndarray):
    first, second, other = (
        mix(server, series, refresh=True),
        mix(server, series, refresh=True),
        mix(server, series, seed=4),
    )
    forth = [first.draw(step) for step in range(6)]
    back = [second.draw(step) for step in reversed(range(6))]
    for one, same in zip(forth, reversed(back), strict=True):
        assert [part.tolist() for part in one] == [part.tolist() for part in same]
    assert not np.array_equal(forth[0].series, other.draw(0).series)


def test_refreshing_makes_others_for_each_pass(server: Server, series: np.ndarray):
    mixing = mix(server, series, batch_size=10, pool=3, refresh=True)
    once = mix(server, series, batch_size=10, pool=3)
    made = [{one.tobytes() for one in mixing.draw(step).series[10:]} for step in (0, 1)]
    assert not made[0] & made[1]
    assert {one.tobytes() for one in once.draw(1).series[10:]} & made[0]


def test_they_come_from_sample_where_that_is_asked(server: Server, series: np.ndarray):
    with Client(f"grpc://{server.grpc}") as client:
        mixing = Mixing(client, series, LABELS, "sines", batch_size=8, pool=3, source="sample")
        assert {one.tobytes() for one in mixing.draw(0).series[8:]}
        assert client.sample(n_per_class=1, model="sines").n_cases == 3  # it was left open


def test_labels_may_be_text_and_series_without_channels(guarded: Server):
    train = Labelled.of(datasets.load("GunPoint").train)
    mixing = Mixing(guarded.url, train.series[:8, 0], train.labels[:8], "gunpoint", pool=4, api_key=KEY)
    assert mixing.classes.tolist() == ["1", "2"] and mixing.draw(0).series.shape == (64, 1, 150)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0; pass a whole number of at least 1"),
        ({"n_steps": -1}, "n_steps is -1"),
        ({"finish": 1.5}, "finish is 1.5; pass a number from 0 to 1"),
        ({"weight": -0.1}, "weight is -0.1"),
        ({"seed": -1}, "seed is -1; pass a whole number from 0 to"),
        ({"check": "never"}, "check is 'never'; pass one of warn, refuse, off"),
        ({"source": "mixture"}, 'source is \'mixture\'; pass "augment" or "sample"'),
    ],
)
def test_what_is_out_of_bounds_is_refused(server: Server, series: np.ndarray, wrong: dict[str, Any], message: str):
    with pytest.raises(InvalidRequest, match=message):
        mix(server, series, **wrong)


def test_cases_that_make_no_batch_are_refused(server: Server, series: np.ndarray):
    with pytest.raises(InvalidRequest, match="10 series and 3 labels came"):
        Mixing(server.url, series, [0, 1, 2], "sines")
    with pytest.raises(InvalidRequest, match="differ in length or lack values"):
        Mixing(server.url, [[1.0, 2.0], [1.0]], [0, 1], "sines")

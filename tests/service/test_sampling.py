"""Equal seeds give equal bytes, whatever else the server does; counts are exact."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server, call_at_once

SEED_LIMIT = 2**53


def test_equal_seeds_give_equal_bytes(server: Server):
    first, second = (server.post("sample", model="sines", n_per_class=70, seed=7) for _ in range(2))
    assert first.status_code == 200 and first.content == second.content


@pytest.mark.parametrize(("one", "other"), [(7, 8), (0, 1), (SEED_LIMIT - 1, SEED_LIMIT - 2), (1, 2**32 + 1)])
def test_different_seeds_give_different_series(server: Server, one: int, other: int):
    left, right = (np.array(server.answer("sample", model="sines", n_per_class=5, seed=seed)["series"])
                   for seed in (one, other))  # fmt: skip
    assert not (left == right).all(axis=(1, 2)).any()


@pytest.mark.parametrize(("few", "many"), [(10, 20), (64, 65), (1, 200)])
def test_a_smaller_request_is_the_start_of_a_larger_one(server: Server, few: int, many: int):
    short, long = (server.answer("sample", model="sines", counts={"1": n}, seed=3) for n in (few, many))
    assert short["series"] == long["series"][:few]
    assert short["log_density"] == long["log_density"][:few]


def test_no_two_series_of_a_request_are_equal(server: Server):
    series = np.array(server.answer("sample", model="sines", n_per_class=150, seed=3)["series"])
    assert len(np.unique(series.reshape(450, -1), axis=0)) == 450


def test_a_class_has_the_same_series_whatever_is_asked_for_beside_it(server: Server):
    alone = server.answer("sample", model="sines", counts={"2": 6}, seed=3)["series"]
    beside = server.answer("sample", model="sines", counts={"0": 5, "2": 6, "1": 7}, seed=3)["series"]
    assert beside[5:11] == alone


@pytest.mark.parametrize("counts", [{"2": 3, "0": 1, "1": 2}, {"1": 65, "0": 0, "2": 1}, {"0": 129}])
def test_counts_are_exact_and_in_the_order_asked_for(server: Server, counts: dict[str, int]):
    answer = server.answer("sample", model="sines", counts=counts, seed=1)
    assert answer["labels"] == [int(label) for label, count in counts.items() for _ in range(count)]
    assert len(answer["series"]) == len(answer["log_density"]) == sum(counts.values())
    assert list(answer["acceptance"]) == list(counts)


def test_a_seed_is_drawn_when_none_is_given_and_replays_the_answer(server: Server):
    drawn, other = (server.post("sample", model="sines", n_per_class=5) for _ in range(2))
    seed = drawn.json()["seed"]
    assert 0 <= seed < SEED_LIMIT and seed != other.json()["seed"]
    assert server.post("sample", model="sines", n_per_class=5, seed=seed).content == drawn.content


def test_the_largest_seed_comes_back_exactly(server: Server):
    assert server.answer("sample", model="sines", n_per_class=1, seed=SEED_LIMIT - 1)["seed"] == SEED_LIMIT - 1


def test_a_larger_expansion_widens_the_samples(server: Server):
    made = [server.answer("sample", model="sines", counts={"0": 200}, seed=1, expansion=x) for x in (0.1, 1.0, 3.0)]
    spreads = [np.array(answer["series"]).std(axis=0).mean(axis=1) for answer in made]
    assert (spreads[0] < spreads[1]).all() and (spreads[1] < spreads[2]).all()
    density = [np.mean(answer["log_density"]) for answer in made]
    assert density[0] > density[1] > density[2]


def test_expansion_is_the_models_unless_given(server: Server):
    usual = server.get("/models/sines")["expansion"]
    plain = server.post("sample", model="sines", n_per_class=2, seed=1)
    assert plain.content == server.post("sample", model="sines", n_per_class=2, seed=1, expansion=usual).content


def test_a_seeded_answer_is_bit_for_bit_the_same_under_load(server: Server, cases: Labelled):
    """Others' series of every size, seeded and not, ride along on the same graphs."""
    wanted: dict[str, dict[str, Any]] = {
        "sample": {"model": "sines", "counts": {"1": 70, "0": 3}, "seed": 11},
        "augment": {"model": "sines", "series": cases.series[:7], "labels": cases.labels[:7], "seed": 11,
                    "strategy": {"factor": 4.0}},
    }  # fmt: skip

    def answered(operation: str) -> tuple[str, bytes]:
        return operation, server.post(operation, **wanted[operation]).content

    alone = dict(map(answered, wanted))
    done = threading.Event()

    def load(size: int) -> int:
        sent = 0
        while not done.is_set():
            server.answer("encode", model="sines", series=cases.series[:size])
            server.answer("sample", model="sines", n_per_class=size)
            sent += 1
        return sent

    def measured() -> int:
        try:
            for _ in range(5):
                calls = [partial(answered, operation) for operation in wanted]
                assert all(content == alone[operation] for operation, content in call_at_once(calls * 3))
        finally:
            done.set()
        return 1

    assert all(call_at_once([measured, *(partial(load, size) for size in (1, 5, 17))]))

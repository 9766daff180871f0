"""The latent space of models that take series of several lengths, with gaps or at times of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seriesmith import Client
from tests.service.bundles import Labelled, compute_relative_difference
from tests.service.server import Server
from tests.service.test_refusals import CODES
from tests.service.test_uneven import VARYING, ragged, to_lists, uneven

__all__ = ["ragged", "uneven"]


@pytest.mark.parametrize("model", VARYING)
def test_a_way_between_series_goes_from_the_length_of_one_to_that_of_the_other(
    uneven: Server, ragged: list[np.ndarray], model: str
):
    ways = {"start_series": to_lists(ragged[2:3]), "end_series": to_lists(ragged[3:4])}
    answer = uneven.answer("interpolate", model=model, steps=3, **ways)
    assert [len(case[0]) for case in answer["series"]] == [33, 48, 64]
    assert answer["note"].startswith("5 missing values in 1 of 1 series") and "1 missing values" in answer["note"]
    ends = uneven.answer("reconstruct", model=model, series=to_lists(ragged[2:4]))["series"]
    for found, expected in ((answer["series"][0], ends[0]), (answer["series"][2], ends[1])):
        assert compute_relative_difference(found, expected) < 1e-5
    to_code = uneven.answer("interpolate", model=model, start_series=to_lists(ragged[1:2]), end_latent=CODES, steps=2)
    assert {len(case[0]) for case in to_code["series"]} == {20}


def test_a_traversal_around_a_series_lies_at_its_times(uneven: Server, cases: Labelled):
    times = np.sort(np.random.default_rng(0).uniform(0, 9, (2, 64)), axis=1).tolist()
    asked: dict[str, Any] = {"model": "resampled", "series": cases.series[:2].tolist(), "times": times}
    answer = uneven.answer("traverse", **asked, axes=[1], steps=3)
    expected = uneven.answer("reconstruct", **asked)["series"]
    assert compute_relative_difference(answer["series"][1::3], expected) < 1e-5


@pytest.mark.parametrize("model", VARYING)
def test_constraints_hold_over_the_length_of_each_series(uneven: Server, ragged: list[np.ndarray], model: str):
    wanted: dict[str, Any] = {"sum": [20_000, None], "monotone": "increasing"}
    given = {"series": to_lists(ragged[:3]), "labels": [0, 1, 2], "strategy": {"factor": 3.0}}
    for operation, fields in (("sample", {"n_per_class": 4}), ("augment", given)):
        answer = uneven.answer(operation, model=model, seed=1, **fields, **wanted)
        made = [case for case, move in zip(answer["series"], answer["largest_move"], strict=True) if move > 0]
        assert len(made) >= 6
        for case in made:
            assert sum(case[0]) == pytest.approx(20_000, rel=1e-5) and (np.diff(case[0]) >= 0).all()
    with Client(f"grpc://{uneven.grpc}") as client:
        same: Any = client.sample({"0": 4}, seed=1, **wanted, model=model)
        assert same.series[0, 0, : same.lengths[0]].sum() == pytest.approx(20_000, rel=1e-4)
    refused = uneven.post("sample", model=model, n_per_class=4, seed=1, upper=1, sum=65)
    assert refused.json()["error"]["field"] == "sum"


def test_series_with_gaps_have_neighbours_and_codes_decode_at_the_length_of_the_grid(
    uneven: Server, ragged: list[np.ndarray]
):
    found = uneven.answer("neighbours", model="padded", series=to_lists(ragged), k=2)
    assert np.shape(found["index"]) == (6, 2) and found["note"].startswith("6 missing values in 2 of 6 series")
    decoded = uneven.answer("decode", model="padded", latent=CODES)
    assert {len(channel) for case in decoded["series"] for channel in case} == {64}

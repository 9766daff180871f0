"""Constraints on what is made: every series meets them at its own length, seeds replay, and what was moved is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seriesmith import Client
from tests.service import wires
from tests.service.bundles import Labelled
from tests.service.server import Server
from tests.service.test_refusals import CODES, assert_refused

WANTED: dict[str, Any] = {"lower": [900, None], "upper": 1100.7, "start_value": [1000.5, None], "sum": [64_200, None]}


def _check(series: Any) -> None:
    found = np.array(series, np.float64)
    assert found[:, 0].min() >= 900 and found.max() <= 1100.7
    assert (found[:, 0, 0] == 1000.5).all()
    np.testing.assert_allclose(found[:, 0].sum(axis=1), 64_200, rtol=1e-5)


def test_samples_meet_the_constraints_and_fewer_are_the_start_of_more(server: Server):
    more = server.answer("sample", model="sines", n_per_class=20, seed=3, **WANTED)
    _check(more["series"])
    few = server.answer("sample", model="sines", counts={"0": 10}, seed=3, **WANTED)
    assert few["series"] == more["series"][:10]
    assert few["mean_move"] == more["mean_move"][:10] and max(few["largest_move"]) > 0
    free = server.answer("sample", model="sines", n_per_class=20, seed=3)
    moved = np.abs(np.array(more["series"]) - free["series"])
    np.testing.assert_allclose(more["mean_move"], moved.mean(axis=(1, 2)), rtol=1e-4)
    assert "mean_move" not in free


@pytest.mark.parametrize("direction", ["increasing", "decreasing"])
def test_made_series_go_in_one_direction_and_given_ones_stay(server: Server, cases: Labelled, direction: str):
    asked = {"labels": [0, 1, 2], "strategy": {"factor": 4.0}, "seed": 1, "monotone": direction}
    answer = server.answer("augment", model="sines", series=cases.series[:3], **asked)
    series = np.array(answer["series"], np.float32)
    assert np.array_equal(series[:3], cases.series[:3]) and answer["largest_move"][:3] == [0, 0, 0]
    steps = np.diff(series[3:].astype(np.float64), axis=2)
    assert (steps >= 0 if direction == "increasing" else steps <= 0).all() and min(answer["mean_move"][3:]) > 0


@pytest.mark.parametrize(("operation", "fields"), [
    ("decode", {"latent": CODES}),
    ("interpolate", {"start_latent": CODES[:1], "end_labels": [1], "steps": 5}),
    ("sample", {"n_per_class": 3, "seed": 2}),
])  # fmt: skip
def test_every_wire_gives_the_same_constrained_series(server: Server, operation: str, fields: dict[str, Any]):
    plain = server.answer(operation, model="sines", **fields, **WANTED)
    _check(plain["series"])
    for ask in (wires.ask_over_octets, wires.ask_over_arrow):
        found = ask(server, operation, model="sines", **fields, **WANTED)
        np.testing.assert_allclose(np.asarray(found["series"]), plain["series"], rtol=1e-5)
        np.testing.assert_allclose(np.asarray(found["largest_move"]), plain["largest_move"], rtol=1e-4)
    for url in (server.url, f"grpc://{server.grpc}"):
        with Client(url) as client:
            answer = getattr(client, operation)(**fields, **WANTED, model="sines")
            _check(answer.series)
            np.testing.assert_allclose(answer.mean_move, plain["mean_move"], rtol=1e-3)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"lower": 2, "upper": 1}, "lower", "no series of 64 timepoints meets the constraints in channel 0"),
    ({"lower": [1, 2, 3]}, "lower", "lower has 3 numbers, and model 'sines' 2 channels"),
    ({"lower": []}, "lower", "lower is []"),
    ({"sum": "much"}, "sum", "sum is 'much'"),
    ({"upper": [1e39, None]}, "upper", "a finite 32-bit number"),
    ({"start_value": True}, "start_value", "start_value is True"),
    ({"monotone": "up"}, "monotone", "monotone is 'up'"),
    ({"non_negative": True, "sum": -1}, "sum", "sum is -1, and the others allow 0 to"),
    ({"non_negative": 1}, "non_negative", "non_negative is 1"),
]


@pytest.mark.parametrize(("fields", "field", "words"), WRONG)
def test_what_is_no_constraint_is_refused_in_words(server: Server, fields: dict[str, Any], field: str, words: str):
    response = server.post("sample", model="sines", n_per_class=1, **fields)
    assert_refused(response, 400, "invalid_request", field, words)

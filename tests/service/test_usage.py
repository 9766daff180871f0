"""What `/augment` answers says of each case how much it weighs, and of each kind of classifier how to use the cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from seriesmith import Client
from tests.service.bundles import Labelled
from tests.service.server import Server


@pytest.fixture(scope="module")
def given(cases: Labelled) -> dict[str, Any]:
    """Four cases of two classes, twice as many wanted."""
    return {"series": cases.series[:4], "labels": [0, 0, 0, 1], "strategy": {"factor": 2.0}, "seed": 1}


def test_a_given_case_weighs_1_and_a_made_one_what_the_report_recommends(server: Server, given: dict[str, Any]):
    answer = server.answer("augment", model="sines", **given)
    weight = answer["report"]["0"]["weight"]
    assert weight == answer["usage"]["deep_network"]["weight"] == 0.5
    assert answer["sample_weight"] == [weight if made else 1.0 for made in answer["synthetic"]]


def test_each_kind_of_classifier_is_told_a_weight_and_a_way(server: Server, given: dict[str, Any]):
    usage = server.answer("augment", model="sines", **given)["usage"]
    assert list(usage) == ["deep_network", "random_convolutions", "nearest_neighbours", "features_and_trees"]
    assert all(0 <= use["weight"] <= 1 and use["how"].endswith(".") for use in usage.values())


def test_where_no_fit_measured_a_weight_cases_count_as_real_ones(server: Server, waves: np.ndarray):
    answer = server.answer("augment", model="unlabelled", series=waves[:3], strategy={"factor": 2.0}, seed=1)
    assert set(answer["sample_weight"]) == {answer["usage"]["deep_network"]["weight"]} == {1.0}


def test_scikit_learn_takes_the_weights_as_they_come(server: Server, given: dict[str, Any]):
    with Client(f"grpc://{server.grpc}") as client:
        answer = client.augment(**given, model="sines")
    flat = answer.series.reshape(answer.n_cases, -1)
    forest = RandomForestClassifier(10, random_state=0).fit(flat, answer.labels, sample_weight=answer.sample_weight)
    assert forest.predict(flat).shape == answer.sample_weight.shape == (8,)

"""A model's card says how good its classifier is, on how many cases, and how sure that is."""

from __future__ import annotations

from typing import Any

from seriesmith import Accuracy, Client, Recall
from seriesmith.cards import read_card
from tests.service.server import Server


def make_card(**metrics: Any) -> dict[str, Any]:
    """As an older server sends it, but for these metrics."""
    series = {"n_channels": 1, "n_timepoints": 8}
    plain = {"name": "pumps", "version": 2, "versions": [2], "classes": [{"label": "on"}], "latent_dim": None}
    return {**plain, "series": series, "metrics": {"accuracy": None, "uplift": None, **metrics}}


def test_a_served_card_has_the_interval_the_recall_and_what_cross_validation_found(server: Server) -> None:
    with Client(server.url) as client:
        found = client.model("sines").accuracy
        assert client.model("unlabelled").accuracy is None
    assert found is not None and found.n_cases == sum(one.n_cases for one in found.recall.values())
    assert found.low is not None and found.high is not None and found.low < found.share <= found.high
    assert sorted(found.recall) == ["0", "1", "2"] and found.cross_validated is not None


def test_what_an_earlier_fit_did_not_measure_is_none() -> None:
    assert read_card(make_card()).accuracy is None
    assert read_card(make_card(accuracy=0.5, n_measured=4)).accuracy == Accuracy(0.5, 4, None, None, {}, None)


def test_the_policy_that_was_chosen_is_the_one_that_was_cross_validated() -> None:
    rows = [{"policy": "none", "round": 1, "accuracy": 0.25}, {"policy": "latent", "round": 2, "accuracy": 0.75}]
    uplift = {"policy": "latent", "rounds": 2, "candidates": rows}
    recall = {"on": {"n_cases": 3, "n_correct": 3, "share": 1.0, "low": 0.44, "high": 1.0}}
    interval = {"low": 0.44, "high": 1.0}
    card = make_card(accuracy=1.0, n_measured=3, accuracy_interval=interval, recall=recall, uplift=uplift)
    assert read_card(card).accuracy == Accuracy(1.0, 3, 0.44, 1.0, {"on": Recall(3, 3, 0.44, 1.0)}, 0.75)

"""A caller's dataset comes back untouched, with synthetic series near its own, at exactly the counts asked for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.service.bundles import Labelled
from tests.service.server import Server
from training import data as datasets


@pytest.fixture(scope="module")
def imbalanced(cases: Labelled) -> dict:
    """12 cases of class 0, 5 of class 1 and 2 of class 2, mixed."""
    labels = np.array(cases.labels)
    kept = np.sort(np.concatenate([np.flatnonzero(labels == label)[:n] for label, n in enumerate((12, 5, 2))]))
    return {"model": "sines", "series": cases.series[kept], "labels": labels[kept].tolist(), "seed": 4}


STRATEGIES = [
    ({}, {0: 12, 1: 12, 2: 12}),
    ({"strategy": "balance"}, {0: 12, 1: 12, 2: 12}),
    ({"strategy": {"factor": 2.0}}, {0: 24, 1: 10, 2: 4}),
    ({"strategy": {"factor": 1.5}}, {0: 18, 1: 8, 2: 3}),
    ({"strategy": {"factor": 1}}, {0: 12, 1: 5, 2: 2}),
    ({"strategy": {"counts": {"2": 70, "0": 12}}}, {0: 12, 1: 5, 2: 70}),
    ({"strategy": {"counts": {}}}, {0: 12, 1: 5, 2: 2}),
]


@pytest.mark.parametrize(("strategy", "totals"), STRATEGIES)
def test_totals_are_those_of_the_strategy(server: Server, imbalanced: dict, strategy: dict, totals: dict):
    answer = server.answer("augment", **imbalanced, **strategy)
    assert Counter(answer["labels"]) == totals
    assert len(answer["series"]) == len(answer["synthetic"]) == sum(totals.values())


@pytest.mark.parametrize(("strategy", "totals"), STRATEGIES)
def test_originals_come_first_unchanged_and_in_order(server: Server, imbalanced: dict, strategy: dict, totals: dict):
    answer = server.answer("augment", **imbalanced, **strategy)
    given = len(imbalanced["series"])
    assert np.array_equal(np.array(answer["series"][:given], np.float32), imbalanced["series"])
    assert answer["labels"][:given] == imbalanced["labels"]
    assert answer["synthetic"] == [False] * given + [True] * (sum(totals.values()) - given)


def test_only_classes_that_were_sent_are_balanced(server: Server, cases: Labelled):
    answer = server.answer("augment", model="sines", series=cases.series[:4], labels=[1, 1, 1, 2], seed=1)
    assert Counter(answer["labels"]) == {1: 3, 2: 3}
    assert set(answer["report"]) == {"1", "2"}


def test_without_originals_the_synthetic_series_stay_the_same(server: Server, imbalanced: dict):
    whole = server.answer("augment", **imbalanced)
    made = server.answer("augment", **imbalanced, include_original=False)
    given = len(imbalanced["series"])
    assert made["series"] == whole["series"][given:] and made["labels"] == whole["labels"][given:]
    assert all(made["synthetic"]) and made["report"] == whole["report"]


def test_equal_seeds_give_equal_bytes_and_different_seeds_different_series(server: Server, imbalanced: dict):
    first, second = (server.post("augment", **imbalanced) for _ in range(2))
    assert first.content == second.content
    other = server.answer("augment", **imbalanced | {"seed": 5})["series"]
    given = len(imbalanced["series"])
    assert not (np.array(other)[given:] == np.array(first.json()["series"])[given:]).all(axis=(1, 2)).any()


def test_a_seed_is_drawn_when_none_is_given_and_replays_the_answer(server: Server, imbalanced: dict):
    unseeded = {name: value for name, value in imbalanced.items() if name != "seed"}
    drawn = server.post("augment", **unseeded)
    assert server.post("augment", **unseeded, seed=drawn.json()["seed"]).content == drawn.content


def test_a_class_without_cases_is_sampled_from_the_models_own_mixture(server: Server, cases: Labelled):
    """The caller's cases change the densities that proposals compete with; class 0 here keeps every proposal."""
    given = {"model": "sines", "series": cases.series[:1], "labels": cases.labels[:1], "seed": 9, "policy": "latent"}
    assert cases.labels[0] == 0
    strategy = {"counts": {"2": 5}}
    made = server.answer("augment", **given, strategy=strategy, include_original=False)
    sampled = server.answer("sample", model="sines", counts={"2": 5}, seed=9)
    assert made["labels"] == [2] * 5
    row = made["report"]["2"]
    assert 0 <= row.pop("weight") <= 1
    assert row == {
        "had": 0, "made": 5, "acceptance": 1.0, "fallbacks": 0, "made_by": "latent", "distance": None,
    }  # fmt: skip
    assert made["series"] == sampled["series"]


@pytest.mark.parametrize("end", [slice(12), slice(-12, None)], ids=["early", "late"])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_made_series_lie_nearer_to_the_callers_cases_than_samples_do(
    server: Server, cases: Labelled, label: int, end: slice
):
    """The caller's cases are a narrow part of the class: those of earliest or latest phase."""
    train = Labelled.of(datasets.load("sines").train)
    pool = np.concatenate([part.series[np.array(part.labels) == label] for part in (cases, train)])
    phase = np.angle(
        (pool[:, 0] * np.exp(-1j * (label + 2) * np.linspace(0, 2 * np.pi, 64, endpoint=False))).sum(axis=1)
    )
    narrow = pool[np.argsort(phase)[end]]
    given = {"model": "sines", "series": narrow, "labels": [label] * 12, "seed": 2, "include_original": False}
    augmented = server.answer("augment", **given, policy="latent", strategy={"counts": {str(label): 212}})
    sampled = server.answer("sample", model="sines", counts={str(label): 200}, seed=2)
    near, usual = (_to_nearest(np.array(answer["series"]), narrow) for answer in (augmented, sampled))
    assert near < 0.97 * usual


def _to_nearest(made: np.ndarray, given: np.ndarray) -> float:
    """Median distance of made series to the nearest of the given ones, each channel in units of its own spread."""
    scale = np.array([[200.0], [0.002]])
    squared = (((made[:, None] - given[None]) / scale) ** 2).mean(axis=(2, 3))
    return float(np.median(np.sqrt(squared.min(axis=1))))


def test_the_more_cases_of_a_class_the_nearer_the_made_series(server: Server, cases: Labelled):
    own = cases.series[np.array(cases.labels) == 1]
    one = own[np.argsort(own[:, 0, 0])[:1]]
    distances = []
    for times in (1, 10, 200):
        given = {"model": "sines", "series": np.repeat(one, times, axis=0), "labels": [1] * times, "seed": 2}
        strategy = {"counts": {"1": times + 100}}
        answer = server.answer("augment", **given, policy="latent", strategy=strategy, include_original=False)
        distances.append(answer["report"]["1"]["distance"])
    assert distances[0] > distances[1] > distances[2]


def test_the_report_says_what_was_had_and_made(server: Server, imbalanced: dict):
    report = server.answer("augment", **imbalanced)["report"]
    assert {label: (row["had"], row["made"]) for label, row in report.items()} == {
        "0": (12, 0), "1": (5, 7), "2": (2, 10)
    }  # fmt: skip
    expected = {"had", "made", "acceptance", "fallbacks", "made_by", "weight", "distance"}
    assert all(set(row) == expected for row in report.values())
    assert report["0"]["distance"] is None and report["0"]["acceptance"] == 1.0


def test_the_reports_distance_is_that_of_made_series_to_the_nearest_given(server: Server, imbalanced: dict):
    answer = server.answer("augment", **imbalanced)
    made, labels, given = np.array(answer["series"]), np.array(answer["labels"]), np.array(answer["synthetic"])
    new, old = made[given & (labels == 1)], made[~given & (labels == 1)]
    distance = np.sqrt(((new[:, None] - old[None]) ** 2).mean(axis=(2, 3))).min(axis=1)
    assert answer["report"]["1"]["distance"] == pytest.approx(np.median(distance), rel=1e-6)

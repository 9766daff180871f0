"""The shipped bundles do on real data, over HTTP, what the README promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from bundle import repository
from tests.service.bundles import Labelled
from tests.service.server import Server, run_server
from training import data as datasets

MODELS = {"gunpoint": ("GunPoint", 0.95), "basicmotions": ("BasicMotions", 0.9)}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves models/ of this checkout."""
    with run_server(tmp_path_factory.mktemp("shipped"), repository.SHIPPED) as running:
        yield running


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """Each shipped model."""
    return str(request.param)


def _load_data(model: str) -> tuple[Labelled, Labelled]:
    """Training and test cases of a model's dataset."""
    dataset = datasets.load(MODELS[model][0])
    return Labelled.of(dataset.train), Labelled.of(dataset.test)


def _has_own_label(server: Server, model: str, answer: dict) -> list[bool]:
    """Whether `/classify` gives each made series of an answer its own label."""
    made = np.array(answer["synthetic"]) if "synthetic" in answer else np.ones(len(answer["labels"]), bool)
    labels = server.answer("classify", model=model, series=np.array(answer["series"])[made])["labels"]
    return [label == wanted for label, wanted in zip(labels, np.array(answer["labels"])[made], strict=True)]


def test_what_is_shipped_verifies(shipped: Server):
    listing = shipped.get("/models")
    assert {card["name"] for card in listing["models"]} >= set(MODELS) and listing["refused"] == []


def test_the_test_set_is_classified(shipped: Server, model: str):
    _, test = _load_data(model)
    answer = shipped.answer("classify", model=model, series=test.series)
    assert np.mean(np.array(answer["labels"]) == np.array(test.labels)) >= MODELS[model][1]


def test_all_five_endpoints_answer(shipped: Server, model: str):
    train, _ = _load_data(model)
    series, labels = train.series[:4], train.labels[:4]
    shape = series.shape
    assert len(shipped.answer("encode", model=model, series=series)["posterior_mean"]) == 4
    assert np.shape(shipped.answer("reconstruct", model=model, series=series)["series"]) == shape
    assert len(shipped.answer("classify", model=model, series=series)["labels"]) == 4
    assert np.shape(shipped.answer("sample", model=model, n_per_class=1)["series"])[1:] == shape[1:]
    augmented = shipped.answer("augment", model=model, series=series, labels=labels, strategy={"factor": 2.0})
    assert np.shape(augmented["series"]) == (8, *shape[1:])


def test_most_held_out_series_are_no_anomalies(shipped: Server, model: str):
    _, test = _load_data(model)
    assert np.mean(shipped.answer("reconstruct", model=model, series=test.series)["is_anomaly"]) < 0.1


@pytest.fixture(scope="module")
def imbalanced() -> dict:
    """GunPoint's training cases, 24 of class "1" and 4 of class "2"."""
    train, _ = _load_data("gunpoint")
    labels = np.array(train.labels)
    kept = np.concatenate([np.flatnonzero(labels == "1")[:24], np.flatnonzero(labels == "2")[:4]])
    return {"model": "gunpoint", "series": train.series[kept], "labels": labels[kept].tolist()}


def test_an_imbalanced_dataset_comes_back_balanced(shipped: Server, imbalanced: dict):
    answer = shipped.answer("augment", **imbalanced, seed=1)
    assert Counter(imbalanced["labels"]) == {"1": 24, "2": 4}
    assert Counter(answer["labels"]) == {"1": 24, "2": 24}
    assert np.array_equal(np.array(answer["series"][:28], np.float32), imbalanced["series"])


def test_series_made_to_balance_are_classified_as_what_they_were_made_as(shipped: Server, imbalanced: dict):
    kept = [
        _has_own_label(shipped, "gunpoint", shipped.answer("augment", **imbalanced, seed=seed)) for seed in range(10)
    ]
    assert np.mean(kept) >= 0.8


def test_samples_of_each_class_are_classified_as_that_class(shipped: Server, model: str):
    answer = shipped.answer("sample", model=model, n_per_class=100, seed=1)
    assert np.mean(_has_own_label(shipped, model, answer)) >= 0.8


def test_made_series_are_no_training_rows(shipped: Server, model: str):
    """Each is further from every training row than rounding could take it, and not all near the same row."""
    train, _ = _load_data(model)
    made = np.array(shipped.answer("sample", model=model, n_per_class=20, seed=1)["series"])
    rows = train.series.astype(np.float64)
    distance = np.sqrt(((made[:, None] - rows[None]) ** 2).mean(axis=(2, 3)))
    assert distance.min() > 1e-2 * rows.std()
    assert len(set(distance.argmin(axis=1))) > 5


def test_seeds_decide_what_is_made(shipped: Server, model: str):
    first, again, other = (shipped.post("sample", model=model, n_per_class=5, seed=seed) for seed in (1, 1, 2))
    assert first.content == again.content
    same = np.array(first.json()["series"]) == np.array(other.json()["series"])
    assert not same.all(axis=(1, 2)).any()

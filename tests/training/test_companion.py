"""The mean of the network and a companion is served, weighed by held-out cases; the network alone screens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bundle.engine.bundle import Bundle
from tests.conftest import take_dense_steps, take_steps
from tests.training.conftest import BRIEF
from training import data as datasets
from training.choosing.companion import EVEN, Pooled, weigh
from training.choosing.policies import compute_log_probabilities
from training.configuration import FitConfiguration
from training.data.partition import split_dataset
from training.evaluation.judges import minirocket, served
from training.evaluation.trial import Trial
from training.families import find_name
from training.fit import fit_and_publish, parse_arguments
from training.fitting import fit
from training.learning.run import start_fabric
from training.learning.weights import read_weights

SERIES = datasets.load("sines").train.series[:9]
TRUTH = np.arange(40) % 2


def make_log_probabilities(confidence: np.ndarray | float) -> np.ndarray:
    """Of two classes, `[n, 2]`, that give the true one `confidence`."""
    true = np.broadcast_to(confidence, TRUTH.shape)
    columns = np.stack([np.where(TRUTH == 0, true, 1 - true), np.where(TRUTH == 1, true, 1 - true)], axis=1)
    logs: np.ndarray = np.log(columns)
    return logs


@pytest.mark.parametrize(("own", "others", "weight"), [(0.2, 0.9, 1.0), (0.9, 0.2, 0.0)])
def test_the_better_one_has_all_the_weight(own: float, others: float, weight: float) -> None:
    found = weigh("ridge", [make_log_probabilities(own)], [make_log_probabilities(others)], [TRUTH], 0.0)
    assert found.weight == weight and min(found.nll, key=lambda each: found.nll[each]) == f"{weight:g}"


def test_two_that_err_on_different_cases_count_alike() -> None:
    halves = np.arange(40) < 20
    one, other = (make_log_probabilities(np.where(half, 0.95, 0.3)) for half in (halves, ~halves))
    found = weigh("ridge", [one], [other], [TRUTH], 0.0)
    assert found.weight == EVEN
    assert found.accuracy == 1.0
    assert found.nll["0.5"] == pytest.approx(-np.log((0.95 + 0.3) / 2))


def test_without_held_out_cases_both_count_alike() -> None:
    assert weigh("ridge", [], [], [], 0.0).weight == EVEN


def test_rare_classes_decide_as_much_as_balance_says() -> None:
    rare = np.where(np.arange(40) < 36, 0, 1)
    own, others = (np.log(np.stack([1 - p, p], axis=1)) for p in (np.full(40, 0.02), np.full(40, 0.4)))
    weights = [weigh("ridge", [own], [others], [rare], balance).weight for balance in (0.0, 1.0)]
    assert weights[0] < weights[1] == 1.0


def test_logits_are_those_of_the_weighted_mean_of_probabilities() -> None:
    one, other = nn.Linear(3, 2), nn.Linear(3, 2)
    asked = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    made = torch.softmax(Pooled(one, other, 0.25)(asked), dim=1)
    mean = 0.75 * torch.softmax(one(asked), dim=1) + 0.25 * torch.softmax(other(asked), dim=1)
    assert torch.allclose(made, mean, atol=1e-6)


def fit_brief(models: Path, companion: str) -> Bundle:
    settings = {**BRIEF, **take_dense_steps(10, 10)}
    configuration = FitConfiguration(
        **{**settings, "dataset": "sines", "models": models, "name": companion, "companion": companion, "folds": 0}
    )
    directory = fit_and_publish(configuration)
    assert directory is not None
    return Bundle.load(directory)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def bundles(models: Path) -> dict[str, Bundle]:
    return {companion: fit_brief(models, companion) for companion in ("none", "ridge")}


def test_the_mean_is_served_and_the_network_screens(bundles: dict[str, Bundle]) -> None:
    alone, pooled = bundles["none"], bundles["ridge"]
    pooling = pooled.manifest.metrics.pooling
    assert alone.manifest.metrics.pooling is None and pooling is not None and pooling.companion == "ridge"
    assert pooling.weight == EVEN and pooling.nll == {}  # there are no folds
    assert pooled.has("screener") and not alone.has("screener")
    assert np.allclose(pooled.screen(SERIES), alone.classify(SERIES), atol=1e-5)
    assert not np.allclose(pooled.classify(SERIES), alone.classify(SERIES), atol=1e-3)


def test_a_fit_that_starts_from_it_starts_from_the_network_whatever_its_weight(
    models: Path, bundles: dict[str, Bundle]
) -> None:
    alone, pooled = (read_weights(models / name / "1") for name in bundles)
    assert alone.keys() == pooled.keys()
    assert all(np.array_equal(array, pooled[name]) for name, array in alone.items() if name.startswith("classifier."))


def test_every_weight_is_judged_by_the_cases_that_folds_hold_out() -> None:
    configuration = FitConfiguration(**{**BRIEF, **take_steps(10, 2, 10), "dataset": "sines", "companion": "ridge"})
    learn = split_dataset(datasets.load("sines"), configuration).learn
    pooling = fit(start_fabric(configuration), learn, configuration).pooling
    assert pooling is not None and set(pooling.nll) == {"0", "0.25", "0.5", "0.75", "1"}
    assert pooling.weight == 1.0  # ten steps make no network


def test_made_series_are_those_of_a_bundle_without_companion(bundles: dict[str, Bundle]) -> None:
    one, other = (bundle.sample(1, 40, seed=3) for bundle in bundles.values())
    assert np.allclose(one.series, other.series, atol=1e-5) and one.acceptance == other.acceptance


@pytest.mark.parametrize(
    ("flags", "family", "companion"),
    [
        ([], "fcn", "hydra"),
        (["--classifier", "best"], "fcn", "hydra"),
        (["--classifier=fastest"], "fcn", "none"),
        (["--classifier", "resnet"], "resnet", "none"),
        (["--classifier", "resnet", "--companion", "ridge"], "resnet", "ridge"),
    ],
)
def test_best_and_fastest_are_families_with_a_companion(flags: list[str], family: str, companion: str) -> None:
    configuration = parse_arguments(flags)
    assert (find_name(configuration.classifier), configuration.companion) == (family, companion)


def test_a_bundle_of_the_time_before_companions_is_fitted_again_without() -> None:
    record = FitConfiguration(dataset="sines").record()
    assert FitConfiguration.from_record(record, None).companion == "hydra"
    del record["companion"]
    assert FitConfiguration.from_record(record, None).companion == "none"


def test_the_judge_served_answers_what_the_bundle_would_and_what_is_free() -> None:
    settings = {**BRIEF, **take_steps(10, 2, 10), "dataset": "sines", "companion": "ridge", "folds": 0}
    configuration = FitConfiguration(**{**settings, "policy": "auto"})
    parts = split_dataset(datasets.load("sines"), configuration)
    assert parts.measure is not None
    trial = Trial(start_fabric(configuration), parts.learn, parts.measure, configuration, balance=False)
    answers, test = served.judge(trial), parts.measure.series
    fitted = fit(start_fabric(configuration), parts.learn, configuration)
    assert fitted.classifier is not None
    expected = np.exp(compute_log_probabilities(fitted.classifier, fitted.generator.scaling, test))
    assert np.allclose(answers("auto"), expected, atol=1e-4)
    assert np.array_equal(answers("none"), minirocket.judge(trial)("none"))
    assert served.takes("auto") and served.takes("none") and not served.takes("smote")

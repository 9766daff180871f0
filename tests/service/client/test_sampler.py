"""A served model stands in for an over-sampler, in pipelines of imbalanced-learn and in calls of aeon."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from aeon.transformations.collection.imbalance import RandomOverSampler as AeonSampler
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from service.client import Client, CollectionSampler, InvalidRequest, Sampler
from tests.service.bundles import Labelled
from tests.service.client.conftest import KEY, urls
from tests.service.server import Server
from training import datasets


@pytest.fixture(scope="module")
def rare() -> tuple[np.ndarray, np.ndarray]:
    """GunPoint's training cases `[28, 150]`, 24 of "1" and 4 of "2"."""
    train = Labelled.of(datasets.load("GunPoint").train)
    labels = np.array(train.labels)
    kept = np.concatenate([np.flatnonzero(labels == "1")[:24], np.flatnonzero(labels == "2")[:4]])
    return train.series[kept, 0].astype(np.float64), labels[kept]


@pytest.fixture(params=["http", "grpc"])
def sampler(request: pytest.FixtureRequest, guarded: Server) -> Sampler:
    """For GunPoint."""
    return Sampler(urls(guarded)[request.param], "gunpoint", seed=1, api_key=KEY)


def test_it_resamples_as_imbalanced_learns_do(sampler: Sampler, rare: tuple[np.ndarray, np.ndarray]):
    series, labels = rare
    theirs = RandomOverSampler(random_state=0)
    expected = theirs.fit_resample(series, labels)
    resampled = sampler.fit_resample(series, labels)
    for ours, wanted, given in zip(resampled, expected, (series, labels), strict=True):
        assert (ours.shape, ours.dtype) == (wanted.shape, wanted.dtype)
        assert np.array_equal(ours[:28], given)
    assert Counter(resampled[1].tolist()) == Counter(expected[1].tolist()) == {"1": 24, "2": 24}
    assert sampler.sampling_strategy_ == dict(theirs.sampling_strategy_) == {"2": 20}
    assert (sampler.seed_, sampler.report_["2"].made) == (1, 20)


def test_it_is_fitted_with_a_pipeline_and_stays_out_of_prediction(
    sampler: Sampler, rare: tuple[np.ndarray, np.ndarray]
):
    series, labels = rare
    counted: list[int] = []

    def count(X: np.ndarray) -> np.ndarray:
        counted.append(len(X))
        return X

    pipeline = make_pipeline(sampler, FunctionTransformer(count), StandardScaler(), RidgeClassifier())
    assert pipeline.fit(series, labels).score(series, labels) > 0.9
    assert counted == [48, 28]
    assert "Sampler" in repr(pipeline) and KEY not in repr(sampler)


def test_cloned_and_searched_over(sampler: Sampler, rare: tuple[np.ndarray, np.ndarray]):
    again = clone(sampler.set_params(strategy={"factor": 2.0}))
    assert again is not sampler and again.get_params() == sampler.get_params()
    search = GridSearchCV(
        make_pipeline(sampler, RidgeClassifier()), {"sampler__strategy": ["balance", {"factor": 1.5}]}, cv=2
    )
    search.fit(*rare)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    with pytest.raises(ValueError, match="'colour' is no parameter of Sampler; there are: server, model"):
        sampler.set_params(colour=1)


def test_a_pipeline_may_end_in_it(sampler: Sampler, rare: tuple[np.ndarray, np.ndarray]):
    series, labels = make_pipeline(FunctionTransformer(), sampler).fit_resample(*rare)
    assert (series.shape, labels.shape) == ((48, 150), (48,))


def test_a_client_that_is_there_is_used_and_left_open(guarded: Server, rare: tuple[np.ndarray, np.ndarray]):
    with Client(guarded.url, KEY) as client:
        first, second = (clone(Sampler(client, "gunpoint", seed=1)).fit_resample(*rare) for _ in range(2))
        assert np.array_equal(first[0], second[0])
        assert client.sample(n_per_class=1, model="gunpoint").n_cases == 2


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.float64, object, "U1"])
def test_labels_and_axes_come_back_as_they_came(server: Server, cases: Labelled, dtype: Any):
    labels = np.array([0, 0, 0, 1]).astype(dtype)
    sampler = Sampler(server.url, "sines", strategy={labels[3]: 3, "2": 2}, seed=1)
    series, resampled = sampler.fit_resample(cases.series[:4], labels)
    assert series.shape == (8, 2, 64) and series.dtype == np.float32
    assert resampled.dtype == dtype and np.array_equal(resampled[:4], labels)
    assert Counter(str(float(label)) for label in resampled) == {"0.0": 3, "1.0": 3, "2.0": 2}


def test_what_needs_no_more_comes_back_as_it_was(server: Server, cases: Labelled):
    sampler = Sampler(server.url, "sines")
    series, labels = sampler.fit_resample(cases.series[:2].tolist(), [0, 1])
    assert np.array_equal(series, cases.series[:2]) and labels.tolist() == [0, 1] and sampler.sampling_strategy_ == {}


def test_it_transforms_as_aeons_do(server: Server, cases: Labelled):
    series, labels = cases.series[:10].astype(np.float64), np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    theirs, ours = AeonSampler(random_state=0), CollectionSampler(server.url, "sines", seed=1)
    expected, transformed = theirs.fit_transform(series, labels), ours.fit_transform(X=series, y=labels)
    for one, other, given in zip(transformed, expected, (series, labels), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        assert np.array_equal(one[:10], other[:10]) and np.array_equal(one[:10], given)
    assert Counter(transformed[1].tolist()) == Counter(expected[1].tolist())
    assert ours.sampling_strategy_ == dict(theirs.sampling_strategy_)
    assert clone(ours).get_params() == ours.get_params()
    for sampler in (theirs, ours):
        with pytest.raises(ValueError, match="y"):
            sampler.fit_transform(series)


def test_two_axes_become_three_as_in_aeon(guarded: Server, rare: tuple[np.ndarray, np.ndarray]):
    theirs = AeonSampler(random_state=0).fit_transform(*rare)
    ours = CollectionSampler(guarded.url, "gunpoint", api_key=KEY).fit_transform(*rare)
    assert ours[0].shape == theirs[0].shape == (48, 1, 150)


def test_imbalanced_learn_would_take_one_class_with_both_methods_for_a_transformer():
    """Should this fail, the two may become one."""
    assert not hasattr(Sampler, "fit_transform") and not hasattr(Sampler, "transform")

    class Both(RandomOverSampler):  # type: ignore[misc]
        def fit_transform(self, X: Any, y: Any) -> Any:
            raise NotImplementedError

    with pytest.raises(NotImplementedError):
        make_pipeline(Both(), RidgeClassifier()).fit(np.eye(4), [0, 0, 0, 1])


def test_refusals_come_through(server: Server, cases: Labelled):
    with pytest.raises(InvalidRequest, match="one label for each case"):
        Sampler(server.url, "sines").fit_resample(cases.series[:3], [0, 1])

"""A served model stands in for an over-sampler, in pipelines of imbalanced-learn and in calls of aeon."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier
from aeon.pipeline import make_pipeline as aeon_pipeline
from aeon.transformations.collection.imbalance import RandomOverSampler as AeonSampler
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

from seriesmith import Client, CollectionSampler, InvalidRequest, Sampler
from tests.client.conftest import KEY, list_urls
from tests.service.bundles import Labelled
from tests.service.server import Server
from training import data as datasets


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
    return Sampler(list_urls(guarded)[request.param], "gunpoint", seed=1, api_key=KEY)


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


@pytest.mark.parametrize(
    "strategy",
    ["auto", "minority", "not minority", "not majority", "all", {1: 6, 2: 4}, lambda y: {2: 2 * int((y == 1).sum())}],
    ids=["auto", "minority", "not minority", "not majority", "all", "totals", "function"],
)
def test_sampling_strategies_mean_what_they_mean_to_imbalanced_learn(server: Server, cases: Labelled, strategy: Any):
    series, labels = cases.series[:10].reshape(10, -1), np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    theirs = RandomOverSampler(sampling_strategy=strategy, random_state=0).fit_resample(series, labels)
    sampler = Sampler(server.url, "sines", sampling_strategy=strategy, random_state=0)
    ours = sampler.fit_resample(cases.series[:10], labels)
    assert Counter(ours[1].tolist()) == Counter(theirs[1].tolist())


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.3])
def test_a_ratio_is_that_of_two_classes(sampler: Sampler, rare: tuple[np.ndarray, np.ndarray], ratio: float):
    theirs = RandomOverSampler(sampling_strategy=ratio, random_state=0).fit_resample(*rare)
    ours = sampler.set_params(sampling_strategy=ratio).fit_resample(*rare)
    assert Counter(ours[1].tolist()) == Counter(theirs[1].tolist())


def test_sampling_strategies_that_there_are_not(server: Server, cases: Labelled):
    series, labels = cases.series[:4], [0, 0, 0, 1]
    for strategy, message in (
        ("majority", "sampling_strategy is 'majority'; pass one of 'auto'"),
        (0.1, "makes 0 cases of the smaller class; it has 1 and the larger 3. Pass a ratio from 0.333 to 1"),
        (None, "sampling_strategy is None"),
        ({0: 1}, "asks for 1 cases of class 0, but 3 were given"),
    ):
        with pytest.raises(InvalidRequest, match=message):
            Sampler(server.url, "sines", sampling_strategy=strategy).fit_resample(series, labels)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="which two classes have; y has 3"):
        Sampler(server.url, "sines", sampling_strategy=0.5).fit_resample(cases.series[:4], [0, 0, 1, 2])
    with pytest.raises(InvalidRequest, match="both strategy and sampling_strategy were set"):
        Sampler(server.url, "sines", {"factor": 2}, sampling_strategy="all").fit_resample(series, labels)


def test_a_random_state_is_a_seed_or_draws_one(server: Server, cases: Labelled):
    def made(**how: Any) -> np.ndarray:
        resampled: np.ndarray = Sampler(server.url, "sines", **how).fit_resample(cases.series[:4], [0, 0, 0, 1])[0][4:]
        return resampled

    assert np.array_equal(made(random_state=3), made(seed=3))
    assert np.array_equal(made(random_state=np.int64(3), seed=4), made(seed=3))
    for kind in (np.random.RandomState, np.random.default_rng):
        state = kind(0)
        first, second = made(random_state=state), made(random_state=state)
        assert np.array_equal(first, made(random_state=kind(0))) and not np.array_equal(first, second)
    assert not np.array_equal(made(), made())


@pytest.mark.parametrize("dtype", ["category", "object", "str"])
def test_pandas_in_pandas_out(sampler: Sampler, rare: tuple[np.ndarray, np.ndarray], dtype: Any):
    columns = [f"t{timepoint}" for timepoint in range(150)]
    X = pd.DataFrame(rare[0], columns=columns, index=range(100, 128)).astype({"t0": np.float32})
    y = pd.Series(rare[1], name="gesture", index=X.index).astype(dtype)
    expected = RandomOverSampler(random_state=0).fit_resample(X, y)
    resampled = sampler.fit_resample(X, y)
    for ours, theirs in zip(resampled, expected, strict=True):
        assert type(ours) is type(theirs) and ours.shape == theirs.shape and ours.index.equals(theirs.index)
    pd.testing.assert_series_equal(resampled[0].dtypes, expected[0].dtypes)
    pd.testing.assert_frame_equal(resampled[0][:28], X.reset_index(drop=True))
    assert (resampled[1].name, resampled[1].dtype) == ("gesture", expected[1].dtype)
    assert resampled[1].value_counts().to_dict() == {"1": 24, "2": 24}
    plain = sampler.fit_resample(*rare)
    assert np.allclose(resampled[0].to_numpy(), plain[0], atol=1e-5)


def test_a_frame_of_one_column_and_a_class_that_was_not_there(server: Server, waves: np.ndarray, cases: Labelled):
    labels = pd.DataFrame({"phase": pd.Categorical([0, 0, 1])})
    _, resampled = Sampler(server.url, "sines", {2: 2}, seed=1).fit_resample(cases.series[:3], labels)
    assert list(resampled.columns) == ["phase"] and resampled["phase"].tolist() == [0, 0, 1, 2, 2]
    with pytest.raises(InvalidRequest, match="a data frame of 2 columns"):
        Sampler(server.url, "sines").fit_resample(cases.series[:3], pd.DataFrame({"a": [1], "b": [2]}))
    with pytest.raises(InvalidRequest, match="columns that are no numbers"):
        Sampler(server.url, "sines").fit_resample(pd.DataFrame({"a": ["x"]}), [0])


@pytest.mark.parametrize("kind", [Sampler, CollectionSampler])
def test_series_of_unequal_length_get_a_sentence(server: Server, kind: Any):
    lists = [[[0.0] * 64] * 2, [[0.0] * 63] * 2]
    arrays = [np.zeros((2, 64)), np.zeros((2, 63))]
    for unequal, message in (
        (lists, "X is a list of 2 cases whose lengths differ; a model takes series of one length"),
        (arrays, r"X is a list of 2 cases of the shapes \(2, 63\) to \(2, 64\)"),
    ):
        sampler = kind(server.url, "sines")
        with pytest.raises(InvalidRequest, match=message):
            (sampler.fit_resample if kind is Sampler else sampler.fit_transform)(unequal, [0, 1])


def test_scikit_learn_knows_what_it_is(server: Server):
    for kind in (Sampler, CollectionSampler):
        tags = get_tags(kind(server.url))
        assert tags.estimator_type == "sampler" and tags.target_tags.required and tags.input_tags.three_d_array


def test_series_of_several_channels_go_through_a_pipeline(server: Server, cases: Labelled):
    series, labels = cases.series[:12], np.array(cases.labels[:12])
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    pipeline = make_pipeline(Sampler(server.url, "sines", {"factor": 2}, seed=1), flat, RidgeClassifier())
    assert pipeline.fit(series, labels).predict(series).shape == (12,)


def test_bagging_samples_with_it(guarded: Server, rare: tuple[np.ndarray, np.ndarray]):
    """It encodes labels as integers, which `classes` names."""
    sampler = Sampler(list_urls(guarded)["http"], "gunpoint", api_key=KEY, classes=["1", "2"])
    bagging = BalancedBaggingClassifier(RidgeClassifier(), n_estimators=2, sampler=sampler, random_state=0)
    assert bagging.fit(*rare).score(*rare) > 0.8
    first, second = (pipeline.named_steps["sampler"] for pipeline in bagging.estimators_)
    assert first.random_state != second.random_state and first.seed_ == first.random_state
    with pytest.raises(InvalidRequest, match="does not know; use one of: '1', '2'"):
        bagging.set_params(sampler=clone(sampler).set_params(classes=None)).fit(*rare)
    with pytest.raises(InvalidRequest, match="integers from 0 to 1"):
        sampler.fit_resample(*rare)


@pytest.mark.parametrize("kind", ["theirs", "ours"])
def test_aeons_pipeline_hands_on_series_alone_and_takes_no_sampler(server: Server, cases: Labelled, kind: str):
    """Neither aeon's own samplers nor ours; should this fail, service/README.md may promise it."""
    sampler = AeonSampler() if kind == "theirs" else CollectionSampler(server.url, "sines", seed=1)
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    with pytest.raises((ValueError, TypeError, AttributeError)):
        aeon_pipeline(sampler, KNeighborsTimeSeriesClassifier()).fit(cases.series[:10], labels)


def test_imbalanced_learns_pipeline_takes_a_sampler_before_a_classifier_of_aeon(server: Server, cases: Labelled):
    series, labels = cases.series[:12], np.array(cases.labels[:12])
    pipeline = make_pipeline(
        Sampler(server.url, "sines", {"factor": 2}), KNeighborsTimeSeriesClassifier(distance="euclidean")
    )
    assert pipeline.fit(series, labels).predict(series).shape == (12,)


def test_refusals_come_through(server: Server, cases: Labelled):
    with pytest.raises(InvalidRequest, match="one label for each case"):
        Sampler(server.url, "sines").fit_resample(cases.series[:3], [0, 1])

"""Clusters of unlabelled data: as many as there are, with their probabilities, drawn from, and taken for labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.generation.mixture import MixtureParameters
from tests.conftest import QUICK
from training.configuration import ConfigurationError, FitConfiguration
from training.data import Cases, load
from training.data.partition import Partition
from training.fit import fit_and_publish
from training.learning.clustering import label_by_clusters
from training.learning.mixture_fit import fit_mixture
from training.learning.run import start_fabric


def make_blobs(n_blobs: int) -> np.ndarray:
    """40 codes around each of several corners, `[n, 4]`."""
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(6 * corner, 1, (40, 4)) for corner in np.eye(n_blobs, 4)])


@pytest.mark.parametrize("n_blobs", [1, 2, 4])
def test_bic_finds_how_many_clusters_there_are(n_blobs: int):
    latent = make_blobs(n_blobs)
    mixture = fit_mixture(latent, np.zeros(len(latent), np.int64), 1, 12, seed=0)
    assert mixture.present.sum() == n_blobs


def test_so_many_clusters_are_found_as_are_asked_for():
    latent = make_blobs(2)
    mixture = fit_mixture(latent, np.zeros(len(latent), np.int64), 1, 5, seed=0, fewest=5)
    assert mixture.present.sum() == 5


def test_unlabelled_data_may_have_more_components_than_a_class():
    free, bound = FitConfiguration(), FitConfiguration(max_components=2)
    assert (free.choose_most_components(1), free.choose_most_components(3)) == (12, 3)
    assert bound.choose_most_components(1) == bound.choose_most_components(3) == 2


def test_a_code_is_of_the_cluster_whose_centre_it_is():
    means = np.array([[[0.0, 0], [9, 9]], [[5, -5], [0, 0]]])
    weights = np.array([[0.5, 0.5], [1.0, 0.0]])
    mixture = MixtureParameters(weights, means, np.tile(np.eye(2), (2, 2, 1, 1)))
    centres = means.reshape(-1, 2)[:3]
    probabilities = mixture.compute_cluster_probabilities(centres, np.array([0.5, 0.5]))
    assert probabilities.shape == (3, 3) and probabilities.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert mixture.select_cluster(1).weights.tolist() == [[0, 1], [1, 0]]


@pytest.fixture(scope="module")
def sines_without_labels() -> Cases:
    return replace(load("sines").train, labels=None)


def test_labels_are_refused_where_there_are_some_and_more_clusters_than_cases_bear(sines_without_labels: Cases):
    configuration = FitConfiguration(dataset="sines", clusters="auto", **QUICK)
    fabric = start_fabric(configuration)
    with pytest.raises(ConfigurationError, match="this dataset has labels"):
        label_by_clusters(fabric, Partition(load("sines").train, None, None), configuration)
    parts = Partition(sines_without_labels, None, None)
    with pytest.raises(ConfigurationError, match="--clusters asks for 50"):
        label_by_clusters(fabric, parts, replace(configuration, clusters=50))
    with pytest.raises(ConfigurationError, match="it must be 2 to 1000, or auto"):
        FitConfiguration(clusters=1)


def test_cases_get_their_clusters_for_labels_those_measured_on_too(sines_without_labels: Cases):
    configuration = FitConfiguration(dataset="sines", clusters=2, **QUICK)
    parts = Partition(sines_without_labels, sines_without_labels.select(np.arange(9)), "held-out split")
    labelled = label_by_clusters(start_fabric(configuration), parts, configuration)
    assert labelled.learn.labels is not None and set(labelled.learn.labels) == {0, 1}
    assert labelled.measure is not None and labelled.measure.labels == labelled.learn.labels[:9]


@pytest.mark.long
def test_a_bundle_of_clusters_does_all_that_one_of_labels_does(tmp_path: Path, sines_without_labels: Cases):
    file = tmp_path / "waves.npz"
    np.savez(file, X=sines_without_labels.series)
    directory = fit_and_publish(
        FitConfiguration(data=file, clusters=3, models=tmp_path / "models", **QUICK | {"folds": 0, "policy": "none"})
    )
    assert directory is not None
    bundle = Bundle.load(directory, Runtime("cpu", 1))
    manifest = bundle.manifest
    assert manifest.labels == [0, 1, 2] and manifest.labelled and manifest.are_clusters
    assert manifest.provenance.configuration["clusters"] == 3
    assert bundle.can("classify") and bundle.sample(2, 3, seed=0).series.shape == (3, 2, 64)

"""The clusters of a model of unlabelled data: a series' own with its probability, and series of one of them."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from seriesmith import Client
from tests.service.bundles import Labelled
from tests.service.server import Server

EXTRAS = ["cluster", "cluster_probability"]


def test_a_series_is_told_its_cluster_over_http_and_grpc(server: Server, unlabelled: Bundle, waves: np.ndarray):
    probabilities = unlabelled.compute_cluster_probabilities(unlabelled.encode(waves)[0])
    for url in (server.url, f"grpc://{server.grpc}"):
        with Client(url) as client:
            answer = client.encode(waves, model="unlabelled", cluster=True, cluster_probability=True)
        assert answer.cluster is not None and answer.cluster.tolist() == probabilities.argmax(axis=1).tolist()
        assert answer.cluster_probability is not None
        assert np.allclose(answer.cluster_probability, probabilities.max(axis=1), atol=1e-4)


def test_clusters_are_told_on_request_alone(server: Server, cases: Labelled):
    plain = server.answer("encode", model="sines", series=cases.series[:2])
    assert not set(EXTRAS) & set(plain)
    asked = server.answer("encode", model="sines", series=cases.series[:2], with_=EXTRAS[:1])
    assert "cluster" in asked and "cluster_probability" not in asked


def test_series_are_drawn_from_one_cluster(server: Server, unlabelled: Bundle):
    count = int(unlabelled.require_mixture().present.sum())
    made = [
        server.answer("sample", model="unlabelled", n_per_class=20, seed=1, cluster=cluster) for cluster in range(count)
    ]
    for cluster, answer in enumerate(made):
        again = server.answer("encode", model="unlabelled", series=answer["series"], with_=EXTRAS)
        assert np.mean(np.array(again["cluster"]) == cluster) > 0.6


@pytest.mark.parametrize(
    ("model", "cluster", "words"),
    [("sines", 0, "has classes to draw from"), ("unlabelled", 99, "cluster is 99; model 'unlabelled' has")],
)  # fmt: skip
def test_a_cluster_that_is_not_there_is_refused(server: Server, model: str, cluster: int, words: str):
    error = server.post("sample", model=model, n_per_class=1, cluster=cluster).json()["error"]
    assert error["field"] == "cluster" and words in error["message"]


def test_anomalies_and_typicality_are_calibrated_without_labels(unlabelled: Bundle):
    """What is measured on held-out cases needs no labels."""
    calibration = unlabelled.manifest.calibration
    assert calibration is not None and calibration.anomaly_threshold is not None
    assert calibration.log_density_quantiles is not None and calibration.n_cases == 19
    residual = unlabelled.manifest.residual
    assert residual is not None and residual.measured_on == "held-out cases" and residual.n_cases == 19

"""The mixture adapts to a caller's cases by as much as there are of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bundle.generation.mixture import RELEVANCE, MixtureParameters, compute_marginal_log_density


@pytest.fixture
def mixture() -> MixtureParameters:
    """Two classes in the plane; the second has one component."""
    weights = np.array([[0.5, 0.5], [1.0, 0.0]])
    means = np.array([[[0.0, 0.0], [6.0, 0.0]], [[0.0, 9.0], [0.0, 9.0]]])
    covariances = np.tile(np.array([[2.0, 0.5], [0.5, 1.0]]), (2, 2, 1, 1))
    return MixtureParameters(weights, means, covariances)


def test_log_density_is_that_of_the_textbook(mixture: MixtureParameters) -> None:
    points = np.random.default_rng(0).normal(size=(20, 2)) * 3
    parts = [
        weight * multivariate_normal(mean, mixture.covariances[0, 0]).pdf(points)
        for weight, mean in zip(mixture.weights[0], mixture.means[0], strict=True)
    ]
    np.testing.assert_allclose(mixture.compute_class_log_density(points)[:, 0], np.log(sum(parts)), rtol=1e-9)


def test_the_marginal_weighs_classes_by_their_counts() -> None:
    log_density = np.log([[0.2, 0.4]])
    assert compute_marginal_log_density(log_density, np.array([3, 1]))[0] == pytest.approx(np.log(0.25))


@pytest.mark.parametrize("n_cases", [1, 16, 400])
def test_the_more_cases_the_further_a_mean_moves(mixture: MixtureParameters, n_cases: int) -> None:
    cases = np.tile([1.0, 9.0], (n_cases, 1))
    adapted = mixture.adapt(cases, np.ones(n_cases, np.int64))
    share = n_cases / (n_cases + RELEVANCE)
    np.testing.assert_allclose(adapted.means[1, 0], [share, 9.0])
    np.testing.assert_allclose(adapted.covariances[1, 0], (1 - share) * mixture.covariances[1, 0])


def test_cases_move_the_component_that_explains_them_and_leave_other_classes(mixture: MixtureParameters) -> None:
    cases = np.random.default_rng(0).normal([6, 1], 0.1, (50, 2))
    adapted = mixture.adapt(cases, np.zeros(50, np.int64))
    np.testing.assert_allclose(adapted.means[0, 0], mixture.means[0, 0], atol=0.05)
    assert adapted.means[0, 1, 1] > 0.7
    assert adapted.weights[0, 1] > 0.8 and adapted.weights[0].sum() == pytest.approx(1)
    assert np.array_equal(adapted.means[1], mixture.means[1])
    assert np.array_equal(adapted.covariances[1], mixture.covariances[1])


def test_adaptation_leaves_its_inputs_and_positive_definite_covariances(mixture: MixtureParameters) -> None:
    before = mixture.means.copy()
    adapted = mixture.adapt(np.full((1000, 2), 3.0), np.zeros(1000, np.int64))
    assert np.array_equal(mixture.means, before)
    assert np.linalg.eigvalsh(adapted.covariances).min() > 0


def test_the_density_of_many_cases_is_that_of_each_alone_and_factorises_once(
    mixture: MixtureParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = np.random.default_rng(1).normal(size=(50, 2)) * 5
    alone = np.concatenate([mixture.compute_class_log_density(point[None]) for point in points])
    monkeypatch.setattr("bundle.generation.mixture.MOST_AT_ONCE", 7 * mixture.means.size)
    monkeypatch.setattr(np.linalg, "cholesky", lambda _: pytest.fail("factorised again"))
    np.testing.assert_allclose(mixture.compute_class_log_density(points), alone, rtol=1e-12)
    parts = [mixture.compute_component_log_density(points, index) for index in range(2)]
    np.testing.assert_allclose(np.stack([np.logaddexp(*part.T) for part in parts], axis=1), alone, rtol=1e-12)
    assert mixture.compute_class_log_density(points[:0]).shape == (0, 2)

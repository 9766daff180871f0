"""The mixture has one law: numpy's is that of the graph that is exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bundle.generation.mixture import MixtureParameters
from training.export import graphs

SIZES = [(1, 1, 1), (2, 3, 5), (7, 2, 16)]
"""Classes, components and width of the latent code."""

ROWS = 200


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("expansion", [1e-3, 1.0, 9.0])
def test_equal_noise_gives_equal_codes_and_densities(size: tuple[int, int, int], expansion: float) -> None:
    random = np.random.default_rng(sum(size))
    mixture = draw_mixture(size, random)
    class_index, uniform = random.integers(size[0], size=ROWS), random.random(ROWS, dtype=np.float32)
    noise = random.standard_normal((ROWS, size[2]), dtype=np.float32)
    drawn = np.concatenate(
        [
            mixture.draw(int(index), uniform[row : row + 1], noise[row : row + 1], expansion)
            for row, index in enumerate(class_index)
        ]
    )
    inputs = [class_index, uniform, noise, np.float32(expansion), *mixture.graph_inputs.values()]
    latent, density = (part.numpy() for part in graphs.Mixture()(*map(torch.as_tensor, inputs)))
    np.testing.assert_allclose(drawn, latent, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(mixture.compute_class_log_density(drawn), density, rtol=1e-3, atol=1e-3)


def test_draws_have_the_weights_means_and_covariances_of_the_mixture() -> None:
    random = np.random.default_rng(0)
    mixture = draw_mixture((2, 2, 3), random)
    count = 40_000
    drawn = mixture.draw(1, random.random(count), random.standard_normal((count, 3)), 4.0)
    weights, means, covariances = mixture.weights[1], mixture.means[1], 4 * mixture.covariances[1]
    mean = weights @ means
    spread = sum(
        weight * (covariance + np.outer(own - mean, own - mean))
        for weight, own, covariance in zip(weights, means, covariances, strict=True)
    )
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=5 * np.sqrt(np.max(spread) / count))
    np.testing.assert_allclose(np.cov(drawn.T), spread, atol=0.05 * np.max(spread))


def draw_mixture(size: tuple[int, int, int], random: np.random.Generator) -> MixtureParameters:
    n_classes, n_components, latent_dim = size
    weights = random.dirichlet(np.ones(n_components), n_classes)
    root = 0.3 * random.normal(size=(n_classes, n_components, latent_dim, latent_dim))
    covariances = root @ root.transpose(0, 1, 3, 2) + 0.2 * np.eye(latent_dim)
    return MixtureParameters(weights, 2 * random.normal(size=(n_classes, n_components, latent_dim)), covariances)

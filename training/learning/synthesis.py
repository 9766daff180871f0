"""Latent codes of a class: drawn from its mixture, kept unless another class explains them better."""

from __future__ import annotations

import numpy as np

from bundle.generation.mixture import MixtureParameters
from bundle.generation.recipe import MAX_PROPOSALS


def draw(
    mixture: MixtureParameters, index: int, count: int, expansion: float, random: np.random.Generator
) -> np.ndarray:
    """Latent codes `[count, latent_dim]` of one class, before any rejection."""
    component = random.choice(mixture.weights.shape[1], count, p=mixture.weights[index])
    factors = mixture.factors[index][component]
    noise = random.standard_normal((count, mixture.means.shape[2], 1))
    latent: np.ndarray = mixture.means[index, component] + np.sqrt(expansion) * (factors @ noise)[:, :, 0]
    return latent


def draw_accepted(
    mixture: MixtureParameters, index: int, count: int, expansion: float, random: np.random.Generator
) -> np.ndarray:
    """Latent codes `[count, latent_dim]` of one class that no rival class explains better, by the rule of serving:
    after MAX_PROPOSALS tries the likeliest of them stands in."""
    best, best_margin = draw(mixture, index, count, expansion, random), np.full(count, -np.inf)
    proposal = best
    for _ in range(MAX_PROPOSALS):
        log_density = mixture.compute_class_log_density(proposal)
        rivals = np.delete(log_density, index, axis=1).max(axis=1, initial=-np.inf)
        margin = log_density[:, index] - rivals
        better = (best_margin < 0) & (margin > best_margin)
        best[better], best_margin[better] = proposal[better], margin[better]
        if (best_margin >= 0).all():
            break
        proposal = draw(mixture, index, count, expansion, random)
    return best

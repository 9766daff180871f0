"""The latent mixture: its parameters, and their adaptation to a caller's own cases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

RELEVANCE = 16.0
"""Cases at which a caller's statistics weigh as much as the model's (Reynolds et al., 2000, use 16)."""


@dataclass(frozen=True)
class MixtureParameters:
    """A Gaussian mixture per class over the latent space; absent components have weight 0.

    weights `[n_classes, n_components]`, means `[n_classes, n_components, latent_dim]`,
    covariances `[n_classes, n_components, latent_dim, latent_dim]`.
    """

    weights: Float
    means: Float
    covariances: Float

    def graph_inputs(self) -> dict[str, NDArray[np.float32]]:
        """The overridable inputs of the `mixture` and `density` graphs.

        With covariance = L L^T, `covariance_factors` is L and `precision_factors` is the inverse of L,
        so that sampling is mean + L noise and the squared Mahalanobis distance is |precision_factor (x - mean)|^2.
        """
        factors = np.linalg.cholesky(self.covariances)
        arrays = {
            "weights": self.weights,
            "means": self.means,
            "covariance_factors": factors,
            "precision_factors": np.linalg.inv(factors),
        }
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}

    def component_log_density(self, latent: Float, class_index: int) -> Float:
        """Log of weight times density, `[n, n_components]`, of `latent` `[n, latent_dim]` under one class."""
        factors = np.linalg.cholesky(self.covariances[class_index])
        offsets = latent[:, None, :] - self.means[class_index]
        whitened = np.linalg.solve(factors, offsets.transpose(1, 2, 0))
        log_determinant = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        constant = 0.5 * latent.shape[1] * np.log(2 * np.pi)
        log_weight = np.log(np.maximum(self.weights[class_index], 1e-30))
        log_density: Float = log_weight - log_determinant - constant - 0.5 * (whitened**2).sum(axis=1).T
        return log_density

    def class_log_density(self, latent: Float) -> Float:
        """Log density `[n, n_classes]` of `latent` `[n, latent_dim]` under each class."""
        columns = [_log_sum(self.component_log_density(latent, index)) for index in range(len(self.weights))]
        return np.stack(columns, axis=1)

    def adapted(self, latent: Float, class_index: NDArray[np.int64], relevance: float = RELEVANCE) -> MixtureParameters:
        """The mixture shrunk, class by class, towards `latent` `[n, latent_dim]` of classes `class_index` `[n]`.

        Maximum a posteriori adaptation (Reynolds, Quatieri & Dunn, 2000): a component that explains m of the cases
        moves by m / (m + relevance) of the way to their mean and scatter, the weights of a class of n cases by
        n / (n + relevance) of the way to their shares; a class without cases stays.
        """
        weights, means, covariances = self.weights.copy(), self.means.copy(), self.covariances.copy()
        for index in np.unique(class_index):
            cases = latent[class_index == index].astype(np.float64)
            log_density = self.component_log_density(cases, int(index))
            responsibility = np.exp(log_density - log_density.max(axis=1, keepdims=True))
            responsibility /= responsibility.sum(axis=1, keepdims=True)
            share_of_class = len(cases) / (len(cases) + relevance)
            weights[index] += share_of_class * (responsibility.mean(axis=0) - weights[index])
            for k, share in enumerate(responsibility.T):
                mass = max(float(share.sum()), 1e-12)
                trust = mass / (mass + relevance)
                mean = share @ cases / mass
                centred = cases - mean
                scatter = (share[:, None] * centred).T @ centred / mass
                means[index, k] += trust * (mean - means[index, k])
                covariances[index, k] += trust * (scatter - covariances[index, k])
        return replace(self, weights=weights, means=means, covariances=covariances)


def marginal_log_density(class_log_density: NDArray[np.floating], training_counts: NDArray[np.integer]) -> Float:
    """Log of the class densities `[n, n_classes]` averaged with the training counts `[n_classes]` as weights, `[n]`."""
    counts = np.maximum(training_counts, 1).astype(np.float64)
    return _log_sum(class_log_density.astype(np.float64) + np.log(counts / counts.sum()))


def _log_sum(log_terms: Float) -> Float:
    """Log of the sum of exponentials over the last axis; not a number where every term is infinite."""
    highest = log_terms.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        total: Float = highest[..., 0] + np.log(np.exp(log_terms - highest).sum(axis=-1))
    return total

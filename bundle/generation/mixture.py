"""The latent mixture: its parameters, their law in numpy, and their adaptation to a caller's own cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

RELEVANCE = 16.0
"""Cases at which a caller's statistics weigh as much as the model's (Reynolds et al., 2000, use 16)."""

MOST_AT_ONCE = 2**18
"""Values of whitened cases, one per case, component and dimension, that are held at a time."""


@dataclass(frozen=True)
class MixtureParameters:
    """A Gaussian mixture per class over the latent space; absent components have weight 0.

    weights `[n_classes, n_components]`, means `[n_classes, n_components, latent_dim]`,
    covariances `[n_classes, n_components, latent_dim, latent_dim]`.
    """

    weights: Float
    means: Float
    covariances: Float

    @cached_property
    def graph_inputs(self) -> dict[str, NDArray[np.float32]]:
        """The parameters as the overridable inputs of the `mixture` and `density` graphs.

        With covariance = L L^T, `covariance_factors` is L and `precision_factors` is the inverse of L,
        so that sampling is mean + L noise and the squared Mahalanobis distance is |precision_factor (x - mean)|^2.
        """
        arrays = {
            "weights": self.weights,
            "means": self.means,
            "covariance_factors": self.factors,
            "precision_factors": self._precision_factors,
        }
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}

    @cached_property
    def factors(self) -> Float:
        """Lower triangles `[n_classes, n_components, latent_dim, latent_dim]`; L L^T is the covariance."""
        return np.asarray(np.linalg.cholesky(self.covariances), np.float64)

    @cached_property
    def _precision_factors(self) -> Float:
        return np.asarray(np.linalg.inv(self.factors), np.float64)

    @cached_property
    def _log_scales(self) -> Float:
        """Log of weight times density at a component's mean, `[n_classes, n_components]`."""
        log_determinant = np.log(np.diagonal(self.factors, axis1=2, axis2=3)).sum(axis=2)
        constant = 0.5 * self.means.shape[2] * np.log(2 * np.pi)
        log_scales: Float = np.log(np.maximum(self.weights, 1e-30)) - log_determinant - constant
        return log_scales

    @cached_property
    def centres(self) -> Float:
        """The mean of each class's heaviest component, `[n_classes, latent_dim]`: a code among its cases, as the mean
        of several components need not be."""
        centres: Float = self.means[np.arange(len(self.means)), self.weights.argmax(axis=1)]
        return centres

    @cached_property
    def deviations(self) -> Float:
        """Standard deviation of each axis within the components of each class, `[n_classes, latent_dim]`."""
        variances = np.diagonal(self.covariances, axis1=2, axis2=3)
        deviations: Float = np.sqrt((self.weights[:, :, None] * variances).sum(axis=1))
        return deviations

    def draw(
        self,
        class_index: int,
        component_uniform: NDArray[np.floating],
        noise: NDArray[np.floating],
        expansion: float,
    ) -> Float:
        """Draw latent codes `[n, latent_dim]` of one class, by the law of the `mixture` graph.

        The component is the one whose cumulative weight `component_uniform` `[n]`, uniform in 0 … 1, falls into; then
        latent = mean + sqrt(expansion) L noise, with standard normal `noise` `[n, latent_dim]`.
        """
        bounds = self.weights[class_index].cumsum()[:-1]
        component = (component_uniform[:, None] >= bounds).sum(axis=1)
        spread = (self.factors[class_index][component] @ noise[:, :, None])[:, :, 0]
        latent: Float = self.means[class_index, component] + np.sqrt(expansion) * spread
        return latent

    def compute_component_log_density(self, latent: Float, class_index: int) -> Float:
        """Compute log(weight * density), `[n, n_components]`, of `latent` `[n, latent_dim]` under one class."""
        offsets = latent[:, None, :] - self.means[class_index]
        whitened = np.linalg.solve(self.factors[class_index], offsets.transpose(1, 2, 0))
        log_density: Float = self._log_scales[class_index] - 0.5 * (whitened**2).sum(axis=1).T
        return log_density

    def compute_class_log_density(self, latent: Float) -> Float:
        """Log density `[n, n_classes]` of `latent` `[n, latent_dim]` under each class.

        All classes are computed at once, for as many cases as keep to MOST_AT_ONCE.
        """
        rows = max(1, MOST_AT_ONCE // self.means.size)
        pieces = [
            self._compute_class_log_density(latent[start : start + rows]) for start in range(0, len(latent), rows)
        ]
        return np.concatenate([np.empty((0, len(self.weights))), *pieces])

    def _compute_class_log_density(self, latent: Float) -> Float:
        whitened = latent @ self._whitening - self._whitened_means
        distance = np.square(whitened, out=whitened).reshape(len(latent), *self.means.shape).sum(axis=3)
        return _compute_log_sum(self._log_scales - 0.5 * distance)

    @cached_property
    def _whitening(self) -> Float:
        """All inverse factors, transposed, side by side: `[latent_dim, n_classes * n_components * latent_dim]`."""
        whitening: Float = np.ascontiguousarray(self._precision_factors.reshape(-1, self.means.shape[2]).T)
        return whitening

    @cached_property
    def _whitened_means(self) -> Float:
        """The means, each by its own component's inverse factor, in the order of `_whitening`."""
        whitened: Float = (self._precision_factors @ self.means[..., None]).reshape(-1)
        return whitened

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which components there are, `[n_classes, n_components]`. Numbered class by class they are the clusters."""
        return self.weights > 0

    def select_cluster(self, cluster: int) -> MixtureParameters:
        """The same with one cluster alone in its class."""
        index, component = np.argwhere(self.present)[cluster]
        weights = self.weights.copy()
        weights[index] = np.arange(weights.shape[1]) == component
        return replace(self, weights=weights)

    def compute_cluster_probabilities(self, latent: Float, class_share: Float) -> Float:
        """The probability `[n, n_clusters]` that `latent` `[n, latent_dim]` is of each cluster; `class_share`
        `[n_classes]` are the classes' shares."""
        log_density = np.stack(
            [self.compute_component_log_density(latent, index) for index in range(len(self.weights))], axis=1
        )
        log_terms = (log_density + np.log(class_share)[:, None])[:, self.present]
        probabilities: Float = np.exp(log_terms - _compute_log_sum(log_terms)[:, None])
        return probabilities

    def adapt(self, latent: Float, class_index: NDArray[np.int64], relevance: float = RELEVANCE) -> MixtureParameters:
        """Shrink the mixture, class by class, towards `latent` `[n, latent_dim]` of classes `class_index` `[n]`.

        Maximum a posteriori adaptation (Reynolds, Quatieri & Dunn, 2000): a component that explains m of the cases
        moves by m / (m + relevance) of the way to their mean and scatter, the weights of a class of n cases by
        n / (n + relevance) of the way to their shares; a class without cases stays.
        """
        weights, means, covariances = self.weights.copy(), self.means.copy(), self.covariances.copy()
        for index in np.unique(class_index):
            cases = latent[class_index == index].astype(np.float64)
            log_density = self.compute_component_log_density(cases, int(index))
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


def compute_marginal_log_density(
    class_log_density: NDArray[np.floating], training_counts: NDArray[np.integer]
) -> Float:
    """Compute the log `[n]` of the class densities `[n, n_classes]`, averaged with training counts as weights."""
    counts = np.maximum(training_counts, 1).astype(np.float64)
    return _compute_log_sum(class_log_density.astype(np.float64) + np.log(counts / counts.sum()))


def _compute_log_sum(log_terms: Float) -> Float:
    """Log of the sum of exponentials over the last axis; not a number where every term is infinite."""
    highest = log_terms.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        total: Float = highest[..., 0] + np.log(np.exp(log_terms - highest).sum(axis=-1))
    return total

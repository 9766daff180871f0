"""A Gaussian mixture per class over the latent space that holds for many cases and for one."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from models.mixture import MixtureParameters

CASES_PER_COMPONENT = 6
FLOOR = 1e-3
"""Added to the diagonal of every covariance, in squared latent units."""


def fit_mixture(
    latent: np.ndarray, class_index: np.ndarray, n_classes: int, max_components: int, seed: int
) -> MixtureParameters:
    """Mixtures over posterior means `latent` `[n, latent_dim]`, one per class.

    Per class the number of components, at most `max_components` and one for every six cases, minimises BIC. A
    component's covariance is its Ledoit & Wolf (2004) estimate shrunk to the pooled within-class covariance, with
    weight n / (n + latent_dim) of its own. A class without cases gets the pooled mean and covariance.
    """
    latent_dim = latent.shape[1]
    pooled = _pooled_covariance(latent, class_index)
    weights = np.zeros((n_classes, max_components))
    means = np.tile(latent.mean(axis=0), (n_classes, max_components, 1))
    covariances = np.tile(pooled, (n_classes, max_components, 1, 1))
    weights[:, 0] = 1.0
    for index in np.unique(class_index):
        cases = latent[class_index == index]
        responsibility = _responsibilities(cases, max_components, seed)
        weights[index] = 0.0
        means[index] = cases.mean(axis=0)
        for k, share in enumerate(responsibility.T):
            mass = share.sum()
            weights[index, k] = mass / len(cases)
            means[index, k] = share @ cases / mass
            centred = (cases - means[index, k]) * np.sqrt(share)[:, None]
            own = mass / (mass + latent_dim)
            covariances[index, k] = own * _shrunk(centred, mass) + (1 - own) * pooled
    used = max(1, int((weights > 0).sum(axis=1).max()))
    return MixtureParameters(weights[:, :used], means[:, :used], covariances[:, :used])


def _responsibilities(cases: np.ndarray, max_components: int, seed: int) -> np.ndarray:
    """`[n, n_components]`, rows sum to 1, of the tied-covariance mixture with the lowest BIC.

    A mixture with a component of fewer than two cases is not considered.
    """
    most = max(1, min(max_components, len(cases) // CASES_PER_COMPONENT))
    best, best_bic = np.ones((len(cases), 1)), np.inf
    for n_components in range(1, most + 1) if most > 1 else ():
        mixture = GaussianMixture(n_components, covariance_type="tied", reg_covar=FLOOR, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            responsibility = mixture.fit(cases).predict_proba(cases)
        bic = mixture.bic(cases)
        if bic < best_bic and responsibility.sum(axis=0).min() >= 2:
            best, best_bic = responsibility, bic
    return best


def _pooled_covariance(latent: np.ndarray, class_index: np.ndarray) -> np.ndarray:
    """Within-class covariance over all classes; the unit matrix where no class has two cases."""
    centred = latent.copy()
    for index in np.unique(class_index):
        centred[class_index == index] -= latent[class_index == index].mean(axis=0)
    freedom = len(latent) - len(np.unique(class_index))
    return _shrunk(centred, freedom) if freedom > 0 else np.eye(latent.shape[1])


def _shrunk(centred: np.ndarray, mass: float) -> np.ndarray:
    """Ledoit-Wolf covariance of weighted, centred cases whose weights sum to `mass`."""
    if len(centred) < 2:
        return FLOOR * np.eye(centred.shape[1])
    covariance, _ = ledoit_wolf(centred, assume_centered=True)
    floor = FLOOR * np.eye(centred.shape[1])
    rescaled: np.ndarray = covariance * (len(centred) / max(mass, 1.0)) + floor
    return rescaled

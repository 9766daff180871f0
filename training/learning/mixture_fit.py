"""A Gaussian mixture per class over the latent space that holds for many cases and for one."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from bundle.generation.mixture import MixtureParameters

CASES_PER_COMPONENT = 6
PATIENCE = 3
"""Components that are tried beyond the best number."""

FLOOR = 1e-3
"""Added to the diagonal of every covariance, in squared latent units."""


def fit_mixture(
    latent: np.ndarray, class_index: np.ndarray, n_classes: int, max_components: int, seed: int, fewest: int = 1
) -> MixtureParameters:
    """Mixtures over posterior means `latent` `[n, latent_dim]`, one per class.

    Per class the number of components, `fewest` at least, `max_components` at most and one for every six cases,
    minimises BIC; where no mixture of so many is found there is one. A component's covariance is its Ledoit & Wolf
    (2004) estimate shrunk to the covariance within components pooled over all classes, with weight n / (n + latent_dim)
    of its own. A class without cases gets the overall mean and the pooled covariance.
    """
    latent_dim = latent.shape[1]
    max_components = choose_most_components(len(latent), max_components)
    shares = {
        int(index): _compute_responsibilities(latent[class_index == index], max_components, seed, fewest)
        for index in np.unique(class_index)
    }
    pooled = _pool_covariance(latent, class_index, shares)
    weights = np.zeros((n_classes, max_components))
    means = np.tile(latent.mean(axis=0), (n_classes, max_components, 1))
    covariances = np.tile(pooled, (n_classes, max_components, 1, 1))
    weights[:, 0] = 1.0
    for index, responsibility in shares.items():
        cases = latent[class_index == index]
        weights[index] = 0.0
        means[index] = cases.mean(axis=0)
        for k, share in enumerate(responsibility.T):
            mass = share.sum()
            weights[index, k] = mass / len(cases)
            means[index, k] = share @ cases / mass
            own = mass / (mass + latent_dim)
            covariances[index, k] = own * _shrink(_centre(cases, share), mass) + (1 - own) * pooled
    used = max(1, int((weights > 0).sum(axis=1).max()))
    return MixtureParameters(weights[:, :used], means[:, :used], covariances[:, :used])


def choose_most_components(n_cases: int, max_components: int) -> int:
    """How many components so many cases may have: one for every six, up to `max_components`."""
    return max(1, min(max_components, n_cases // CASES_PER_COMPONENT))


def _centre(cases: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Cases around the mean of a component, each times the root of the component's share in it."""
    mean = share @ cases / share.sum()
    centred: np.ndarray = (cases - mean) * np.sqrt(share)[:, None]
    return centred


def _compute_responsibilities(cases: np.ndarray, max_components: int, seed: int, fewest: int) -> np.ndarray:
    """`[n, n_components]`, rows sum to 1, of the tied-covariance mixture with the lowest BIC.

    A mixture with a component of fewer than two cases is not considered, nor are more components once PATIENCE further
    ones have not lowered BIC.
    """
    most = choose_most_components(len(cases), max_components)
    best, best_bic = np.ones((len(cases), 1)), np.inf
    for n_components in range(fewest, most + 1) if most > 1 else ():
        if n_components > best.shape[1] + PATIENCE and np.isfinite(best_bic):
            break
        mixture = GaussianMixture(n_components, covariance_type="tied", reg_covar=FLOOR, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            responsibility = mixture.fit(cases).predict_proba(cases)
        bic = mixture.bic(cases)
        if bic < best_bic and responsibility.sum(axis=0).min() >= 2:
            best, best_bic = responsibility, bic
    return best


def _pool_covariance(latent: np.ndarray, class_index: np.ndarray, shares: dict[int, np.ndarray]) -> np.ndarray:
    """Covariance within components over all classes; the unit matrix where no component has two cases."""
    centred = [
        _centre(latent[class_index == index], share) for index, of_class in shares.items() for share in of_class.T
    ]
    freedom = len(latent) - len(centred)
    return _shrink(np.concatenate(centred), freedom) if freedom > 0 else np.eye(latent.shape[1])


def _shrink(centred: np.ndarray, mass: float) -> np.ndarray:
    """Ledoit-Wolf covariance of weighted, centred cases whose weights sum to `mass`."""
    if len(centred) < 2:
        return FLOOR * np.eye(centred.shape[1])
    covariance, _ = ledoit_wolf(centred, assume_centered=True)
    floor = FLOOR * np.eye(centred.shape[1])
    rescaled: np.ndarray = covariance * (len(centred) / max(mass, 1.0)) + floor
    return rescaled

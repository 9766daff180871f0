"""Fréchet distance of two sets in a fixed representation: 0 is the same mean and covariance; less is better."""

from __future__ import annotations

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA

from training.quality.representation import fit_convolutions

MOST_COMPONENTS = 16


def compute_frechet_distances(real: np.ndarray, others: tuple[np.ndarray, ...], seed: int) -> list[float]:
    """Of each of `others` to `real`, in units of the real set's variance in that representation.

    All `[n_cases, n_channels, n_timepoints]`, standardised, equally many: the distance is larger for fewer cases.
    Source: Context-FID of Jeha et al., PSA-GAN, 2022, with another representation that needs no training: MiniRocket
    features, of which the principal components of the real set (up to 16, a third of its cases at most) are kept.
    Covariances are shrunk after Ledoit & Wolf, 2004.
    """
    features = fit_convolutions(real, seed)
    projection = PCA(max(1, min(MOST_COMPONENTS, len(real) // 3)), random_state=seed)
    mean, covariance = _compute_moments(projection.fit_transform(features(real)))
    variance = max(float(np.trace(covariance)), np.finfo(float).tiny)
    moments = [_compute_moments(projection.transform(features(series))) for series in others]
    return [compute_frechet(mean, covariance, *other) / variance for other in moments]


def compute_frechet(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """Squared 2-Wasserstein distance of two normal distributions (Dowson & Landau, 1982)."""
    root = _compute_root(covariance)
    crossed = np.linalg.eigvalsh(root @ other_covariance @ root)
    overlap = np.sqrt(np.maximum(crossed, 0)).sum()
    apart = np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * overlap
    return max(0.0, float(apart))


def _compute_moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = points.astype(np.float64)
    return wide.mean(axis=0), np.atleast_2d(ledoit_wolf(wide)[0])


def _compute_root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    root: np.ndarray = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root

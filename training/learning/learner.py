"""What a trained VAE says of series in original units: their codes, and how well it gives them back."""

from __future__ import annotations

import numpy as np
import torch

from training.families.vae import VAE
from training.learning.scaling import Scaling


@torch.no_grad()
def compute_posterior_means(model: VAE, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """`[n, latent_dim]` float64 of series in original units."""
    mean, _ = model.encode(scaling.standardise(torch.as_tensor(series)))
    return mean.double().numpy()


@torch.no_grad()
def compute_residuals(model: VAE, scaling: Scaling, series: np.ndarray) -> np.ndarray:
    """What reconstruction leaves over, `[n, n_channels, n_timepoints]`, of series in original units."""
    original = torch.as_tensor(series)
    mean, _ = model.encode(scaling.standardise(original))
    residual: np.ndarray = (original - scaling.restore(model.decode(mean))).numpy()
    return residual


def compute_reconstruction_errors(
    model: VAE, scaling: Scaling, series: np.ndarray, counted: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared difference per case `[n]`, squared original units, of the values `counted`; None: all."""
    squared = np.square(compute_residuals(model, scaling, series).astype(np.float64))
    error: np.ndarray = squared.mean(axis=(1, 2), where=True if counted is None else counted)
    return error

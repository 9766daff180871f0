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
def compute_reconstruction_errors(
    model: VAE, scaling: Scaling, series: np.ndarray, counted: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared difference per case `[n]`, squared original units, of the values `counted`; None: all."""
    original = torch.as_tensor(series)
    mean, _ = model.encode(scaling.standardise(original))
    reconstruction = scaling.restore(model.decode(mean))
    squared = (original - reconstruction).double().square().numpy()
    error: np.ndarray = squared.mean(axis=(1, 2), where=True if counted is None else counted)
    return error

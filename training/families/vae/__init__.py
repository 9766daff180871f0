"""VAE families, one file each, found by name.

A family is a module with `build(n_channels, n_timepoints, latent_dim) -> VAE`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.families import build_named


class VAE(nn.Module):
    """What every family does, on standardised series at the working length."""

    def encode(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """posterior_mean, posterior_log_variance `[n, latent_dim]` of `[n, n_channels, n_timepoints]`."""
        raise TypeError(f"{type(self).__name__} does not encode")

    def decode(self, latent: Tensor) -> Tensor:
        """Series `[n, n_channels, n_timepoints]` of `[n, latent_dim]`."""
        raise TypeError(f"{type(self).__name__} does not decode")

    def forward(self, series: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Reconstruction, latent, posterior_mean and posterior_log_variance, with `noise` `[n, latent_dim]`."""
        mean, log_variance = self.encode(series)
        latent = mean + torch.exp(0.5 * log_variance) * noise
        return self.decode(latent), latent, mean, log_variance


def build(family: str, n_channels: int, n_timepoints: int, latent_dim: int) -> VAE:
    """A freshly initialised VAE. Raises `ConfigurationError` with the families there are."""
    vae: VAE = build_named(__name__, family, n_channels, n_timepoints, latent_dim)
    return vae

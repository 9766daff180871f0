"""What is exported: pure graphs in original units, noise as an input."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from training.families.textures import SteppedTexture, Texture
from training.families.vae import VAE
from training.learning.scaling import Scaling

SMALLEST_WEIGHT = 1e-30


class Encoder(nn.Module):
    """series `[n, n_channels, n_timepoints]` → posterior_mean, posterior_log_variance `[n, latent_dim]`."""

    def __init__(self, scaling: Scaling, vae: VAE) -> None:
        super().__init__()
        self.scaling, self.vae = scaling, vae

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        return self.vae.encode(self.scaling.standardise(series))


class Decoder(nn.Module):
    """latent `[n, latent_dim]` → series `[n, n_channels, n_timepoints]`."""

    def __init__(self, scaling: Scaling, vae: VAE) -> None:
        super().__init__()
        self.scaling, self.vae = scaling, vae

    def forward(self, latent: Tensor) -> Tensor:
        return self.scaling.restore(self.vae.decode(latent))


class Textured(nn.Module):
    """series as decoded, class_index `[n]`, residual_noise → series with texture."""

    def __init__(self, scaling: Scaling, texture: Texture) -> None:
        super().__init__()
        self.scaling, self.texture = scaling, texture

    def forward(self, series: Tensor, class_index: Tensor, residual_noise: Tensor) -> Tensor:
        residual = self.texture(self.scaling.standardise(series), class_index, residual_noise)
        return series + self.scaling.restore_difference(residual)


class TextureStep(nn.Module):
    """series as decoded, class_index `[n]`, state as the noise, time and duration `[]` → the next state, and the series
    with the texture that it stands for: after the last step, the one to take."""

    def __init__(self, scaling: Scaling, texture: SteppedTexture) -> None:
        super().__init__()
        self.scaling, self.texture = scaling, texture

    def forward(
        self, series: Tensor, class_index: Tensor, state: Tensor, time: Tensor, duration: Tensor
    ) -> tuple[Tensor, Tensor]:
        after = self.texture.step(self.scaling.standardise(series), class_index, state, time, duration)
        return after, series + self.scaling.restore_difference(self.texture.scale * after)


class Classifier(nn.Module):
    """series `[n, n_channels, n_timepoints]` → class_probabilities `[n, n_classes]`."""

    def __init__(self, scaling: Scaling, classifier: nn.Module) -> None:
        super().__init__()
        self.scaling, self.classifier = scaling, classifier

    def forward(self, series: Tensor) -> Tensor:
        return torch.softmax(self.classifier(self.scaling.standardise(series)), dim=1)


class Density(nn.Module):
    """latent `[n, latent_dim]` → class_log_density `[n, n_classes]`; parameters as in `bundle.generation.mixture`."""

    def forward(self, latent: Tensor, weights: Tensor, means: Tensor, precision_factors: Tensor) -> Tensor:
        n_classes, n_components, latent_dim = means.shape
        offsets = latent[None] - means.reshape(-1, 1, latent_dim)
        flat_factors = precision_factors.reshape(-1, latent_dim, latent_dim)
        distance = (offsets @ flat_factors.transpose(1, 2)).square().sum(dim=2)
        log_determinant = (flat_factors * torch.eye(latent_dim)).sum(dim=2).log().sum(dim=1)
        log_weight = weights.reshape(-1).clamp_min(SMALLEST_WEIGHT).log()
        constant = 0.5 * latent_dim * math.log(2 * math.pi)
        log_density = (log_weight + log_determinant - constant)[:, None] - 0.5 * distance
        return torch.logsumexp(log_density.reshape(n_classes, n_components, -1), dim=1).T


class Mixture(nn.Module):
    """class_index `[n]`, component_uniform `[n]`, noise `[n, latent_dim]`, expansion `[]` → latent, class_log_density.

    The component is the one whose cumulative weight `component_uniform` falls into; then
    latent = mean + sqrt(expansion) L noise.
    """

    def forward(
        self,
        class_index: Tensor,
        component_uniform: Tensor,
        noise: Tensor,
        expansion: Tensor,
        weights: Tensor,
        means: Tensor,
        covariance_factors: Tensor,
        precision_factors: Tensor,
    ) -> tuple[Tensor, Tensor]:
        n_components = weights.shape[1]
        bounds = weights[class_index].cumsum(dim=1)
        component = (component_uniform[:, None] >= bounds[:, : n_components - 1]).sum(dim=1)
        chosen = class_index * n_components + component
        mean = means.reshape(-1, means.shape[2])[chosen]
        factor = covariance_factors.reshape(-1, *covariance_factors.shape[2:])[chosen]
        spread = (factor @ noise[:, :, None])[:, :, 0]
        latent = mean + expansion.sqrt() * spread
        return latent, Density()(latent, weights, means, precision_factors)

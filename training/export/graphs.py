"""The graphs of the latent mixture; those of a family are its own. Noise is an input."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from bundle.generation.mixture import MixtureParameters
from training.export.exporting import Exportable

SMALLEST_WEIGHT = 1e-30


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


def list_exportables(
    law: MixtureParameters, class_index: np.ndarray, uniform: np.ndarray, latent: np.ndarray, expansion: float
) -> list[Exportable]:
    """The graphs mixture and density of a law; the examples are class_index `[n]`, component_uniform `[n]` and latent
    `[n, latent_dim]`, which is the noise too."""
    parameters: dict[str, np.ndarray] = dict(law.graph_inputs)
    of_density = {name: parameters[name] for name in ("weights", "means", "precision_factors")}
    draws: dict[str, np.ndarray] = {"class_index": class_index, "component_uniform": uniform, "noise": latent}
    scalars: dict[str, np.ndarray] = {"expansion": np.asarray(expansion, np.float32)}
    return [
        Exportable("mixture", Mixture(), draws, ("latent", "class_log_density"), scalars, parameters),
        Exportable("density", Density(), {"latent": latent}, ("class_log_density",), {}, of_density),
    ]

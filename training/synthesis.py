"""Synthetic cases as a classifier's training sees them: standardised, balanced over the classes."""

from __future__ import annotations

import numpy as np
import torch

from models.mixture import MixtureParameters
from training.configuration import FitConfiguration
from training.learner import Pool
from training.texture import Texture
from training.vae import VAE

POOL_SIZE = 512


def draw(
    mixture: MixtureParameters, index: int, count: int, expansion: float, random: np.random.Generator
) -> np.ndarray:
    """Latent codes `[count, latent_dim]` of one class, before any rejection."""
    component = random.choice(mixture.weights.shape[1], count, p=mixture.weights[index])
    factors = np.linalg.cholesky(mixture.covariances[index])[component]
    noise = random.standard_normal((count, mixture.means.shape[2], 1))
    latent: np.ndarray = mixture.means[index, component] + np.sqrt(expansion) * (factors @ noise)[:, :, 0]
    return latent


@torch.no_grad()
def synthetic_pool(model: VAE, mixture: MixtureParameters, texture: Texture, configuration: FitConfiguration) -> Pool:
    """About POOL_SIZE cases, equally many of each class, of codes that no rival class explains better."""
    random = np.random.default_rng(configuration.seed)
    n_classes = len(mixture.weights)
    latents, classes = [], []
    for index in range(n_classes):
        latent = draw(mixture, index, max(2, POOL_SIZE // n_classes), configuration.expansion, random)
        own = mixture.class_log_density(latent).argmax(axis=1) == index
        latents.append(latent[own] if own.any() else latent)
        classes.append(np.full(len(latents[-1]), index))
    class_index = torch.as_tensor(np.concatenate(classes))
    decoded = model.decode(torch.as_tensor(np.concatenate(latents), dtype=torch.float32))
    noise = random.standard_normal((len(decoded), decoded.shape[1], texture.n_noise), dtype=np.float32)
    return Pool(decoded + texture(class_index, torch.as_tensor(noise)), class_index)

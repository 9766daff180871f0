"""The torch modules of a fit as the model that generation asks: what is judged is made as a bundle would make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bundle.generation.mixture import MixtureParameters
from training.families.classifiers import Classifier
from training.families.textures import Texture, Textured
from training.families.vae import VAE, Decoder, Encoder
from training.learning.scaling import Scaling

Array = NDArray[np.float32]
Part = TypeVar("Part")


MODULES = ("encoder", "decoder", "mixture", "texture")
"""The roles that every model of a VAE has a module for."""


@dataclass(frozen=True)
class TorchModel:
    """A `bundle.generation.model.Model` on the CPU: it runs the modules that are exported, and the mixture in numpy.

    Its answers are those of the exported graphs within float32 rounding, in whatever batch they are asked for.
    """

    scaling: Scaling
    vae: VAE
    mixture: MixtureParameters
    texture: Texture
    classifier: nn.Module | None

    blocks_at_once = 32
    """512 series a call, which bounds its memory."""

    def make_side_by_side(self, make: Callable[[range], Part], numbers: range) -> list[Part]:
        """Call `make` once, with all blocks: torch uses the cores by itself."""
        return [make(numbers)]

    @property
    def latent_dim(self) -> int:
        """The width of the latent code."""
        return int(self.mixture.means.shape[2])

    @property
    def texture_shape(self) -> tuple[int, ...]:
        """The shape of the noise that the texture of one series is made of."""
        return self.texture.choose_noise_shape(1)[1:]

    def has(self, role: str) -> bool:
        """Whether there is a module of a role; of those of a VAE only a classifier may be absent."""
        return role in MODULES or (role == "classifier" and self.classifier is not None)

    @torch.no_grad()
    def encode(self, series: Array) -> tuple[Array, Array]:
        """posterior_mean and posterior_log_variance, `[n, latent_dim]` each."""
        mean, log_variance = Encoder(self.scaling, self.vae)(torch.as_tensor(series))
        return mean.numpy(), log_variance.numpy()

    @torch.no_grad()
    def decode(self, latent: Array) -> Array:
        """Series `[n, n_channels, n_timepoints]` in original units of `latent` `[n, latent_dim]`."""
        series: Array = Decoder(self.scaling, self.vae)(torch.as_tensor(latent)).numpy()
        return series

    def propose(
        self,
        class_index: int,
        component_uniform: Array,
        noise: Array,
        expansion: float,
        mixture: MixtureParameters | None = None,
    ) -> tuple[Array, Array]:
        """Latent codes `[n, latent_dim]` of one class and their class_log_density `[n, n_classes]`; see `Model`."""
        law = mixture or self.mixture
        latent = law.draw(class_index, component_uniform, noise, expansion)
        return latent.astype(np.float32), law.compute_class_log_density(latent).astype(np.float32)

    @torch.no_grad()
    def classify(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]`."""
        assert self.classifier is not None, "`has` says so"
        probabilities: Array = Classifier(self.scaling, self.classifier)(torch.as_tensor(series)).numpy()
        return probabilities

    @torch.no_grad()
    def add_texture(self, series: Array, class_index: int, noise: Array) -> Array:
        """Decoded `series` of one class with the texture of real ones, made of `noise` `[n, *texture_shape]`."""
        classes = torch.full((len(series),), class_index)
        textured = Textured(self.scaling, self.texture)(torch.as_tensor(series), classes, torch.as_tensor(noise))
        made: Array = textured.numpy()
        return made

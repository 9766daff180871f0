"""Textures, one file each, found by name: the fine structure that a decoder smooths away.

A texture is a module with `fit(cases: Decoded, configuration, fabric) -> tuple[Texture, History | None]` and `REVEALS`,
what it keeps of the training cases, in words.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from training.configuration import ConfigurationError, FitConfiguration
from training.families import list_names
from training.families.vae import VAE
from training.learning.loop import History
from training.learning.scaling import Scaling


class Texture(nn.Module):
    """Noise and a decoded series to its residual, on standardised series at the working length."""

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        """Shape of the standard normal noise that `n_cases` series take."""
        raise TypeError(f"{type(self).__name__} has no noise")

    def forward(self, decoded: Tensor, class_index: Tensor, noise: Tensor) -> Tensor:
        """Residuals `[n, n_channels, n_timepoints]` of decoded series of the same shape."""
        raise TypeError(f"{type(self).__name__} makes no residual")


class SteppedTexture(Texture):
    """A texture that is followed in equal steps of an ordinary differential equation: `scale` times the last state is
    the residual."""

    scale: Tensor
    steps: int

    def step(self, decoded: Tensor, class_index: Tensor, state: Tensor, time: Tensor, duration: Tensor) -> Tensor:
        """The state at `time + duration`, both `[]` in 0 … 1; at time 0 the state is the noise."""
        raise TypeError(f"{type(self).__name__} has no step")


@dataclass(frozen=True)
class Decoded:
    """What a texture is fitted to: standardised series `[n, n_channels, n_timepoints]`, their class_index `[n]`, and
    the VAE and scaling that decode."""

    series: Tensor
    class_index: Tensor
    n_classes: int
    model: VAE
    scaling: Scaling

    def to(self, device: torch.device) -> Decoded:
        """The same on another device; the VAE and the scaling are moved, not copied."""
        model, scaling = self.model.to(device), self.scaling.to(device)
        return Decoded(self.series.to(device), self.class_index.to(device), self.n_classes, model, scaling)

    @torch.no_grad()
    def decode_again(self, latent: Tensor) -> Tensor:
        """Decoded series as the texture graph sees them: out to original units and in again."""
        return self.scaling.standardise(self.scaling.restore(self.model.decode(latent)))


Fit = tuple[Texture, History | None]


def fit(family: str, cases: Decoded, configuration: FitConfiguration, fabric: Fabric) -> Fit:
    """A texture fitted to `cases`, on the CPU, and its losses. Raises `ConfigurationError` with the textures known."""
    make: Callable[..., Fit] = _import_module(family).fit
    return make(cases, configuration, fabric)


def describe_revealed(family: str) -> str:
    """What a texture keeps of the training cases, in words. Raises `ConfigurationError` with the textures known."""
    words: str = _import_module(family).REVEALS
    return words


def _import_module(family: str) -> ModuleType:
    if family not in (known := list_names(__name__)):
        raise ConfigurationError(f"--texture is {family!r}; it must be one of: {', '.join(known)}.")
    return importlib.import_module(f"{__name__}.{family}")

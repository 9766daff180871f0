"""Textures, one file each: the fine structure that a decoder smooths away.

A family is a module with

- `Settings`, a frozen dataclass derived from `FamilySettings`;
- `fit(cases: Decoded, settings, run) -> (Texture, History | None)`, fitted, on the CPU, in evaluation mode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.export.exporting import Exportable
from training.families import find_module
from training.families.settings import FamilySettings
from training.families.vae import VAE
from training.learning.loop import History
from training.learning.run import Run
from training.learning.scaling import Scaling


class Texture(nn.Module):
    """Noise and a decoded series to its residual, on standardised series at the working length."""

    reveals: str
    """What a bundle with it keeps of the training cases, in words."""

    steps: int | None = None
    """How many steps its graph is followed in; None: the graph is the whole of it."""

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        """Shape of the standard normal noise that `n_cases` series take."""
        raise TypeError(f"{type(self).__name__} has no noise")

    def forward(self, decoded: Tensor, class_index: Tensor, noise: Tensor) -> Tensor:
        """Residuals `[n, n_channels, n_timepoints]` of decoded series of the same shape."""
        raise TypeError(f"{type(self).__name__} makes no residual")

    def make_exportable(
        self, scaling: Scaling, series: np.ndarray, class_index: np.ndarray, noise: np.ndarray
    ) -> Exportable:
        """The graph, in original units; the examples are decoded series, their class_index `[n]` and noise."""
        batched = {"series": series, "class_index": class_index, "residual_noise": noise}
        return Exportable("texture", Textured(scaling, self), batched, ("textured_series",), {}, {})


class SteppedTexture(Texture):
    """A texture that is followed in equal steps of an ordinary differential equation: `scale` times the last state is
    the residual."""

    scale: Tensor
    steps: int

    def step(self, decoded: Tensor, class_index: Tensor, state: Tensor, time: Tensor, duration: Tensor) -> Tensor:
        """The state at `time + duration`, both `[]` in 0 … 1; at time 0 the state is the noise."""
        raise TypeError(f"{type(self).__name__} has no step")

    def make_exportable(
        self, scaling: Scaling, series: np.ndarray, class_index: np.ndarray, noise: np.ndarray
    ) -> Exportable:
        batched = {"series": series, "class_index": class_index, "state": noise}
        scalars = {"time": np.asarray(0.5, np.float32), "duration": np.asarray(1 / self.steps, np.float32)}
        outputs = ("next_state", "textured_series")
        return Exportable("texture", TextureStep(scaling, self), batched, outputs, scalars, {})


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


def fit(cases: Decoded, settings: FamilySettings, run: Run) -> tuple[Texture, History | None]:
    """The texture that the family of `settings` fits to `cases`, on the CPU, and its losses, where it is trained."""
    fitted: tuple[Texture, History | None] = find_module(settings).fit(cases, settings, run)
    return fitted

"""The two networks of a generative adversarial network over series, and the options that every such family has.

The generator doubles the length of a short sequence several times, each layer scaled and shifted by noise and class
(Perez et al., 2018), and adds noise of its own to every timepoint (Karras et al., 2019). The critic halves the length
three times and scores a series of a class by projection (Miyato & Koyama, 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from training.families.generators import BlendingGenerator
from training.families.settings import FLOAT, Size, TrainedSettings
from training.settings import Bounds

KERNEL, COARSEST, MOST_DOUBLINGS, SLOPE = 5, 8, 4, 0.2
CRITIC_FEATURES = 128


@dataclass(frozen=True)
class AdversarialSettings(TrainedSettings):
    """Options of a generator and a critic that are trained against each other, by Adam, the rate falling to zero."""

    steps: Annotated[int, Bounds(ge=1)] = 1500
    """Gradient steps of the generator for up to 100 training cases; with more they grow in proportion, tenfold at
    most."""
    learning_rate: Annotated[float, Bounds(gt=0)] = 1e-3
    """First learning rate of both (Adam)."""
    weight_decay: Annotated[float, Bounds(ge=0)] = 0.0
    """AdamW weight decay."""
    critic_steps: Annotated[int, Bounds(ge=1, le=100)] = 1
    """Gradient steps of the critic for each of the generator."""
    penalty_weight: Annotated[float, Bounds(ge=0)] = 1.0
    """Weight of the gradient penalty in the critic's loss."""
    spectral_norm: bool = False
    """Divide each of the critic's weights by its largest singular value (Miyato et al., 2018)."""
    packed: Annotated[int, Bounds(ge=1, le=16)] = 2
    """How many series of a class the critic judges together: it sees it if they are all alike (Lin et al., 2018)."""
    noise_dim: Annotated[int, Bounds(ge=1, le=1024)] = 16
    """How many values of noise a series is made of, besides one at each timepoint."""
    width: Annotated[int, Bounds(ge=1, le=1024)] = 32
    """Channels of the generator's layers; the critic has as many in its first, and twice as many in later ones."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        coarse, doublings = _choose_doublings(size.n_timepoints)
        n_weights = self.width**2 * (coarse + KERNEL * max(0, doublings - 2))
        yield (
            2 * n_weights * FLOAT,  # in the graph, and again in weights.npz
            f"for layers of {self.width} channels (set a smaller --generator.width)",
        )


def _choose_doublings(n_timepoints: int) -> tuple[int, int]:
    """The length of the shortest sequence, and how often it is doubled to have at least `n_timepoints`."""
    doublings = min(MOST_DOUBLINGS, max(1, math.ceil(math.log2(n_timepoints / COARSEST))))
    return math.ceil(n_timepoints / 2**doublings), doublings


class Doubling(nn.Module):
    """`[n, before, length]` and a condition `[n, condition]` to `[n, after, 2 length]`."""

    def __init__(self, before: int, after: int, condition: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, after, KERNEL, padding=KERNEL // 2)
        self.modulation = nn.Linear(condition, 2 * after)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.modulation(condition)[:, :, None].chunk(2, dim=1)
        doubled = features.repeat_interleave(2, dim=2)
        return functional.leaky_relu(self.convolution(doubled) * (1 + scale) + shift, SLOPE)


class ConvolutionalGenerator(BlendingGenerator):
    """Noise `[n, noise_dim + n_timepoints]` and a class to a series, by doublings of its length."""

    def __init__(self, size: Size, settings: AdversarialSettings) -> None:
        super().__init__()
        width, fine, self.n_timepoints = settings.width, max(1, settings.width // 2), size.n_timepoints
        self.noise_dim, self.width = settings.noise_dim, width
        self.coarse, doublings = _choose_doublings(size.n_timepoints)
        self.classes = nn.Embedding(size.n_classes, width)
        self.first, self.second = nn.Linear(settings.noise_dim, width), nn.Linear(width, width)
        self.start = nn.Linear(width, width * self.coarse)
        widths = [width if place < max(1, doublings - 1) else fine for place in range(doublings + 1)]
        self.doublings = nn.ModuleList(Doubling(*pair, width) for pair in pairwise(widths))
        self.grain = nn.Parameter(torch.zeros(fine, 1))
        self.mix = nn.Conv1d(fine, fine, KERNEL, padding=KERNEL // 2)
        self.out = nn.Conv1d(fine, size.n_channels, KERNEL, padding=KERNEL // 2)

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        return n_cases, self.noise_dim + self.n_timepoints

    def make(self, embedding: Tensor, noise: Tensor) -> Tensor:
        code, grain = noise[:, : self.noise_dim], noise[:, None, self.noise_dim :]
        condition = functional.leaky_relu(self.first(code) + embedding, SLOPE)
        condition = functional.leaky_relu(self.second(condition), SLOPE)
        features = self.start(condition).reshape(-1, self.width, self.coarse)
        for doubling in self.doublings:
            features = doubling(features, condition)
        features = features[..., : self.n_timepoints] + self.grain * grain
        series: Tensor = self.out(functional.leaky_relu(self.mix(features), SLOPE))
        return series


class Critic(nn.Module):
    """Series `[n, n_channels, n_timepoints]` of classes `[n]` to scores `[n]`."""

    def __init__(self, size: Size, settings: AdversarialSettings) -> None:
        super().__init__()
        width, bound = settings.width, _choose_bound(settings)
        widths = (size.n_channels, width, 2 * width, 2 * width)
        self.layers = nn.ModuleList(
            bound(nn.Conv1d(before, after, KERNEL, stride=2, padding=KERNEL // 2)) for before, after in pairwise(widths)
        )
        self.features = bound(nn.Linear(2 * width * math.ceil(size.n_timepoints / 8), CRITIC_FEATURES))
        self.score = bound(nn.Linear(CRITIC_FEATURES, 1))
        self.classes = bound(nn.Embedding(size.n_classes, CRITIC_FEATURES))

    def forward(self, series: Tensor, class_index: Tensor) -> Tensor:
        for layer in self.layers:
            series = functional.leaky_relu(layer(series), SLOPE)
        features = functional.leaky_relu(self.features(series.flatten(1)), SLOPE)
        scores: Tensor = self.score(features)[:, 0] + (features * self.classes(class_index)).sum(dim=1)
        return scores


def _choose_bound(settings: AdversarialSettings) -> Callable[[nn.Module], nn.Module]:
    """What is done to each of the critic's layers."""
    return spectral_norm if settings.spectral_norm else lambda layer: layer

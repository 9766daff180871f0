"""A patch mixer whose layers are scaled and shifted by time and class: the network of both flows.

Patch mixer: Tolstikhin et al. (2021); modulation: Peebles & Xie (2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH, WIDTH, TIME_WIDTH = 8, 64, 32
HIGHEST_FREQUENCY = 100.0


@dataclass(frozen=True)
class MixerSize:
    """How many blocks a mixer has, the width that each mixes tokens over, and that which it mixes WIDTH over, in
    multiples of WIDTH."""

    blocks: int
    token_width: int
    factor: int
    activation: type[nn.Module]


LARGE = MixerSize(3, 64, 2, nn.GELU)
"""For whole series."""

SMALL = MixerSize(2, 32, 2, nn.ReLU)
"""For textures, in half the time."""


class Block(nn.Module):
    """Mixes over tokens, then over width, of `[n, n_tokens, WIDTH]`, by a condition `[n, WIDTH]`; with class_index
    `[n]` by that of its class, of `[n_classes, WIDTH]`."""

    def __init__(self, n_tokens: int, size: MixerSize) -> None:
        super().__init__()
        self.first, self.second = (nn.LayerNorm(WIDTH, elementwise_affine=False) for _ in range(2))
        self.tokens = nn.Sequential(
            nn.Linear(n_tokens, size.token_width), size.activation(), nn.Linear(size.token_width, n_tokens)
        )
        hidden = size.factor * WIDTH
        self.channels = nn.Sequential(nn.Linear(WIDTH, hidden), size.activation(), nn.Linear(hidden, WIDTH))
        self.modulation = nn.Linear(WIDTH, 6 * WIDTH)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, tokens: Tensor, condition: Tensor, class_index: Tensor | None = None) -> Tensor:
        modulation = self.modulation(condition)
        modulation = modulation if class_index is None else modulation[class_index]
        shift, scale, gate, shift2, scale2, gate2 = modulation[:, None].chunk(6, dim=2)
        mixed = self.tokens((self.first(tokens) * (1 + scale) + shift).transpose(1, 2)).transpose(1, 2)
        tokens = tokens + (1 + gate) * mixed
        changed: Tensor = tokens + (1 + gate2) * self.channels(self.second(tokens) * (1 + scale2) + shift2)
        return changed


class Mixer(nn.Module):
    """given `[n, n_given, n_timepoints]`, time `[]` or `[n, 1]`, class_index `[n]` → `[n, n_channels, …]`."""

    frequencies: Tensor

    def __init__(
        self, n_given: int, n_channels: int, n_timepoints: int, n_classes: int, size: MixerSize = LARGE
    ) -> None:
        super().__init__()
        self.n_given, self.n_channels, self.n_timepoints = n_given, n_channels, n_timepoints
        octaves = torch.linspace(0, math.log(HIGHEST_FREQUENCY), TIME_WIDTH // 2)
        self.register_buffer("frequencies", octaves.exp())
        self.n_tokens = math.ceil(n_timepoints / PATCH)
        self.patches = nn.Linear(n_given * PATCH, WIDTH)
        self.position = nn.Parameter(0.02 * torch.randn(self.n_tokens, WIDTH))
        self.time = nn.Sequential(nn.Linear(TIME_WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.classes = nn.Embedding(n_classes, WIDTH)
        self.blocks = nn.ModuleList(Block(self.n_tokens, size) for _ in range(size.blocks))
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, n_channels * PATCH)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, given: Tensor, time: Tensor, class_index: Tensor) -> Tensor:
        condition = self._embed_time(time) + self.classes(class_index)
        return self._mix(given, condition)

    def predict_at(self, given: Tensor, time: float, class_index: Tensor) -> Tensor:
        """The same at a time that is constant: what depends on it and the class is constant too, and a runtime
        computes it once."""
        conditions = self._embed_time(torch.full((1, 1), time, device=given.device)) + self.classes.weight
        return self._mix(given, conditions, class_index)

    def _embed_time(self, time: Tensor) -> Tensor:
        angles = time * self.frequencies
        embedded: Tensor = self.time(torch.cat([angles.sin(), angles.cos()], dim=-1))
        return embedded

    def _mix(self, given: Tensor, condition: Tensor, class_index: Tensor | None = None) -> Tensor:
        missing = self.n_tokens * PATCH - self.n_timepoints
        given = functional.pad(given, (0, missing)) if missing else given
        split = given.reshape(-1, self.n_given, self.n_tokens, PATCH).transpose(1, 2)
        tokens = self.patches(split.flatten(2)) + self.position
        for block in self.blocks:
            tokens = block(tokens, condition, class_index)
        answer: Tensor = self.out(self.norm(tokens)).reshape(-1, self.n_tokens, self.n_channels, PATCH).transpose(1, 2)
        return answer.flatten(2)[..., : self.n_timepoints]

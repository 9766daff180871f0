"""The network of InceptionTime (Ismail Fawaz et al., 2020), half as wide, with a strided stem.

One network; the paper averages five.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.families.classifiers import fit_network
from training.families.layers import ConvolutionNorm, MeanOverTime
from training.families.settings import Size, TrainedSettings
from training.settings import Bounds

KERNELS = (39, 19, 9)
"""Of the convolutions that lie side by side in a module; the paper's are 40, 20 and 10, which no padding centres."""

RESIDUAL_EVERY = 3
"""Modules between a shortcut's ends, as in the paper."""

fit = fit_network


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """Modules of short and long convolutions side by side, with shortcuts, and their mean."""

    width: Annotated[int, Bounds(ge=1, le=256)] = 16
    """Features of each of a module's four branches, and of its bottleneck; the paper has 32."""
    depth: Annotated[int, Bounds(ge=1, le=24)] = 6
    """Modules."""


class Module(nn.Module):
    """Three kernels after a bottleneck, and a maximum, side by side.

    `[n, width_in, n_timepoints]` to `[n, 4 width, n_timepoints]`.
    """

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.bottleneck = nn.Conv1d(width_in, width, 1, bias=False)
        self.branches = nn.ModuleList(nn.Conv1d(width, width, k, padding=k // 2, bias=False) for k in KERNELS)
        self.after_maximum = nn.Conv1d(width_in, width, 1, bias=False)
        self.norm = nn.BatchNorm1d(4 * width)

    def forward(self, features: Tensor) -> Tensor:
        narrow = self.bottleneck(features)
        greatest = functional.max_pool1d(features, 3, stride=1, padding=1)
        parts = [*(branch(narrow) for branch in self.branches), self.after_maximum(greatest)]
        normed: Tensor = self.norm(torch.cat(parts, dim=1))
        return normed


class Network(nn.Module):
    """Series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`."""

    def __init__(self, size: Size, width: int, depth: int) -> None:
        super().__init__()
        wide = 4 * width
        self.stem = ConvolutionNorm(size.n_channels, wide, KERNELS[-1], stride=2)
        self.parts = nn.ModuleList(Module(wide, width) for _ in range(depth))
        self.shortcuts = nn.ModuleList(ConvolutionNorm(wide, wide, 1) for _ in range(depth // RESIDUAL_EVERY))
        self.head = nn.Sequential(MeanOverTime(), nn.Linear(wide, size.n_classes))

    def forward(self, series: Tensor) -> Tensor:
        features = start = functional.relu(self.stem(series))
        for number, module in enumerate(self.parts, start=1):
            features = module(features)
            if number % RESIDUAL_EVERY == 0:
                features = start = functional.relu(features + self.shortcuts[number // RESIDUAL_EVERY - 1](start))
            else:
                features = functional.relu(features)
        logits: Tensor = self.head(features)
        return logits


def build(size: Size, settings: Settings) -> Network:
    """See `training.families.classifiers`; works for any number of timepoints."""
    return Network(size, settings.width, settings.depth)

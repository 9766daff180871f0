"""The residual network of Wang, Yan & Oates (2017), half as wide, with a strided stem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional

from training.families.classifiers import fit_network
from training.families.layers import ConvolutionNorm, MeanOverTime
from training.families.settings import Size, TrainedSettings
from training.settings import Bounds

KERNELS = (9, 5, 3)
"""Of a block's three convolutions; the paper's first is 8 wide, which no padding centres."""

fit = fit_network


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """Blocks of three convolutions over time, each block added to what it was given, and their mean."""

    width: Annotated[int, Bounds(ge=1, le=512)] = 32
    """Features of the first block, the later ones have twice as many; the paper has 64."""
    depth: Annotated[int, Bounds(ge=1, le=12)] = 3
    """Blocks."""


class Block(nn.Module):
    """`[n, width_in, n_timepoints]` to `[n, width, n_timepoints / stride]`."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        first, second, third = KERNELS
        self.first = ConvolutionNorm(width_in, width, first, stride)
        self.second = ConvolutionNorm(width, width, second)
        self.third = ConvolutionNorm(width, width, third)
        self.shortcut = ConvolutionNorm(width_in, width, 1, stride)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.relu(self.second(functional.relu(self.first(features))))
        return functional.relu(self.third(inner) + self.shortcut(features))


def build(size: Size, settings: Settings) -> nn.Module:
    """See `training.families.classifiers`; works for any number of timepoints."""
    widths = [size.n_channels, settings.width, *[2 * settings.width] * (settings.depth - 1)]
    strides = [2, *[1] * (settings.depth - 1)]
    blocks = [Block(*sizes) for sizes in zip(widths, widths[1:], strides, strict=False)]
    return nn.Sequential(*blocks, MeanOverTime(), nn.Linear(widths[-1], size.n_classes))

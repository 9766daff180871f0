"""The fully convolutional network of Wang, Yan & Oates (2017), small, with a strided stem."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from training.families.classifiers import fit_network
from training.families.settings import Size, TrainedSettings

WIDTHS, KERNELS, DROPOUT = (32, 64, 64), (9, 5, 3), 0.1

fit = fit_network


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """Three convolutions over time and their mean."""


class _MeanOverTime(nn.Module):
    """`[n, width, n_timepoints]` to `[n, width]`; torch's adaptive pooling trains more slowly."""

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(dim=2)


def build(size: Size, settings: Settings) -> nn.Module:
    """See `training.families.classifiers`; works for any number of timepoints."""
    del settings
    layers: list[nn.Module] = []
    for position, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True)):
        width_in = WIDTHS[position - 1] if position else size.n_channels
        stride = 1 if position else 2
        convolution = nn.Conv1d(width_in, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        layers += [convolution, nn.BatchNorm1d(width), nn.ReLU()]
    head = [_MeanOverTime(), nn.Dropout(DROPOUT), nn.Linear(WIDTHS[-1], size.n_classes)]
    return nn.Sequential(*layers, *head)

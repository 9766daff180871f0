"""The fully convolutional network of Wang, Yan & Oates (2017), small, with a strided stem."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from training.families.classifiers import fit_network
from training.families.layers import MeanOverTime
from training.families.settings import Size, TrainedSettings

WIDTHS, KERNELS, DROPOUT = (32, 64, 64), (9, 5, 3), 0.1

fit = fit_network


@dataclass(frozen=True)
class Settings(TrainedSettings):
    """Three convolutions over time and their mean."""


def build(size: Size, settings: Settings) -> nn.Module:
    """See `training.families.classifiers`; works for any number of timepoints."""
    del settings
    layers: list[nn.Module] = []
    for position, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True)):
        width_in = WIDTHS[position - 1] if position else size.n_channels
        stride = 1 if position else 2
        convolution = nn.Conv1d(width_in, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        layers += [convolution, nn.BatchNorm1d(width), nn.ReLU()]
    head = [MeanOverTime(), nn.Dropout(DROPOUT), nn.Linear(WIDTHS[-1], size.n_classes)]
    return nn.Sequential(*layers, *head)

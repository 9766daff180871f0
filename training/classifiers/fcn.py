"""The fully convolutional network of Wang, Yan & Oates (2017), small, with a strided stem."""

from __future__ import annotations

from torch import nn

WIDTHS, KERNELS, DROPOUT = (32, 64, 64), (9, 5, 3), 0.1


def build(n_channels: int, n_timepoints: int, n_classes: int) -> nn.Module:
    """See `training.classifiers`; works for any number of timepoints."""
    del n_timepoints
    layers: list[nn.Module] = []
    for position, (width, kernel) in enumerate(zip(WIDTHS, KERNELS, strict=True)):
        width_in = WIDTHS[position - 1] if position else n_channels
        stride = 1 if position else 2
        convolution = nn.Conv1d(width_in, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        layers += [convolution, nn.BatchNorm1d(width), nn.ReLU()]
    head = [nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear(WIDTHS[-1], n_classes)]
    return nn.Sequential(*layers, *head)

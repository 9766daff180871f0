"""Layers that several convolutional classifiers have."""

from __future__ import annotations

from torch import Tensor, nn


class ConvolutionNorm(nn.Sequential):
    """A convolution over time, centred by padding, and batch normalisation; `kernel` is odd.

    `[n, width_in, n_timepoints]` to `[n, width, n_timepoints / stride]`, rounded up.
    """

    def __init__(self, width_in: int, width: int, kernel: int, stride: int = 1) -> None:
        convolution = nn.Conv1d(width_in, width, kernel, stride=stride, padding=kernel // 2, bias=False)
        super().__init__(convolution, nn.BatchNorm1d(width))


class MeanOverTime(nn.Module):
    """`[n, width, n_timepoints]` to `[n, width]`; torch's adaptive pooling trains more slowly."""

    def forward(self, features: Tensor) -> Tensor:
        return features.mean(dim=2)

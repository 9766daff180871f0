"""The texture that a decoder smooths away, modelled class by class as a Gaussian process: nobody's residual is kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

REACH = 16
"""Longest lag, in working timepoints, over which texture is correlated."""

RELEVANCE = 4.0
"""Cases at which a class's own statistics weigh as much as those of all classes together."""


class Texture(nn.Module):
    """class_index `[n]`, standard normal noise `[n, n_channels, n_noise]` → residual `[n, n_channels, n_timepoints]`.

    The noise is filtered to the class's autocorrelation and scaled to its standard deviation at each timepoint.
    """

    kernels: Tensor
    envelopes: Tensor

    def __init__(self, kernels: np.ndarray, envelopes: np.ndarray) -> None:
        """kernels `[n_classes, n_channels, width]`, unit norm; envelopes `[n_classes, n_channels, n_timepoints]`."""
        super().__init__()
        self.register_buffer("kernels", torch.tensor(kernels, dtype=torch.float32))
        self.register_buffer("envelopes", torch.tensor(envelopes, dtype=torch.float32))
        self.n_noise = envelopes.shape[2] + kernels.shape[2] - 1

    def forward(self, class_index: Tensor, noise: Tensor) -> Tensor:
        n_classes, n_channels, width = self.kernels.shape
        filters = self.kernels.transpose(0, 1).reshape(n_channels * n_classes, 1, width)
        filtered = functional.conv1d(noise, filters, groups=n_channels)
        by_class = filtered.reshape(-1, n_channels, n_classes, self.envelopes.shape[2])
        chosen = functional.one_hot(class_index, n_classes).to(noise.dtype)
        return (by_class * chosen[:, None, :, None]).sum(dim=2) * self.envelopes[class_index]


def fit_texture(residuals: np.ndarray, class_index: np.ndarray, n_classes: int) -> Texture:
    """Texture of `residuals` `[n_cases, n_channels, n_timepoints]`, series minus reconstruction, standardised.

    A class keeps its own level of variance, of which every timepoint of every case is evidence; how the variance runs
    over time and how it is correlated are shrunk towards all classes, with weight n / (n + RELEVANCE) of its own.
    """
    reach = min(REACH, residuals.shape[2] // 2)
    everyone = _statistics(residuals, reach)
    kernels, envelopes = [], []
    for index in range(n_classes):
        own = residuals[class_index == index]
        weight = len(own) / (len(own) + RELEVANCE)
        statistics = _statistics(own, reach) if len(own) else everyone
        level, profile, correlation = statistics
        profile = weight * profile + (1 - weight) * everyone[1]
        envelopes.append(np.sqrt(level * profile))
        kernels.append(_kernel(weight * correlation + (1 - weight) * everyone[2]))
    return Texture(np.stack(kernels), np.stack(envelopes))


def _statistics(residuals: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level of variance `[n_channels, 1]`, its profile over time, smoothed and of mean 1, `[n_channels, n_timepoints]`,
    and autocorrelation `[n_channels, reach + 1]`."""
    n_timepoints = residuals.shape[2]
    width = 2 * (n_timepoints // 16) + 1
    squared = np.pad((residuals**2).mean(axis=0), ((0, 0), (width // 2, width // 2)), mode="edge")
    variance = np.lib.stride_tricks.sliding_window_view(squared, width, axis=1).mean(axis=2) + 1e-12
    whitened = residuals / np.sqrt(variance)
    lags = [
        (whitened[..., : n_timepoints - lag] * whitened[..., lag:]).sum(axis=2).mean(axis=0) / n_timepoints
        for lag in range(reach + 1)
    ]
    correlation = np.stack(lags, axis=1)
    level = variance.mean(axis=1, keepdims=True)
    return level, variance / level, correlation / np.maximum(correlation[:, :1], 1e-12)


def _kernel(correlation: np.ndarray) -> np.ndarray:
    """The symmetric filter `[n_channels, 2 reach + 1]` that gives white noise this autocorrelation.

    Its transfer function is the square root of the Hann-tapered spectrum (Blackman & Tukey, 1958).
    """
    reach = correlation.shape[1] - 1
    tapered = correlation * (0.5 * (1 + np.cos(np.pi * np.arange(reach + 1) / (reach + 1))))
    length = 8 * (reach + 1)
    circular = np.zeros((len(correlation), length))
    circular[:, : reach + 1] = tapered
    circular[:, -reach:] = tapered[:, :0:-1]
    amplitude = np.sqrt(np.maximum(np.fft.rfft(circular).real, 0))
    response = np.fft.irfft(amplitude, length)
    kernel = np.concatenate([response[:, -reach:], response[:, : reach + 1]], axis=1)
    unit: np.ndarray = kernel / np.linalg.norm(kernel, axis=1, keepdims=True)
    return unit

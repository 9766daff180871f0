"""MiniRocket (Dempster, Schmidt & Webb, 2021): shares of time at which fixed kernels exceed fixed biases, and a ridge.

Kernels have nine weights, six of -1 and three of 2, which makes 84; each is dilated, padded or not in turn, and summed
over a few channels. A bias is a quantile of what a kernel answers to one training case. Where the published features
count a timepoint as above its bias or not, a narrow ramp joins the two here, so that the rounding of another runtime
moves an answer by as little. `training.learning.ridge_head` has the ridge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.families.settings import FLOAT, RidgeSettings, Size
from training.learning.policy_cases import PolicyCases
from training.learning.ridge_head import RidgeHead, fit_head
from training.learning.run import Run
from training.settings import Bounds

TAPS = 9
"""Weights of a kernel, and so the fewest timepoints: shorter series are continued by their last value."""

N_KERNELS = math.comb(TAPS, 3)

MOST_DILATIONS = 32
MOST_CHANNELS = 9
"""That a kernel sums over."""

GOLDEN = (math.sqrt(5) + 1) / 2

RAMP, NARROWEST_RAMP = 1e-2, 1e-4
"""The ramp's width over the standard deviation of the answers to the training cases; and in standardised units."""

CHUNK = 2**17
"""Most numbers of a case that are compared with biases at a time."""

ROWS = 64
"""Cases whose features are computed at a time in a fit."""


@dataclass(frozen=True)
class Settings(RidgeSettings):
    """Shares of time at which 84 fixed kernels exceed biases, and a ridge regression; without gradient steps."""

    n_features: Annotated[int, Bounds(ge=N_KERNELS, le=100_000)] = 10_000
    """Features of a series, as many as a multiple of 84 kernels allows."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        n_features = self.n_features // N_KERNELS * N_KERNELS
        yield (
            2 * (size.n_classes + 3) * n_features * FLOAT,  # in the graph, and again in weights.npz
            f"for {n_features} features of {size.n_classes} classes (set fewer --classifier.n-features)",
        )


class MiniRocket(RidgeHead):
    """Standardised series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`.

    kernels `[n_dilations, 84, n_channels, 9]`: over the ramp; 0 for the channels that a kernel leaves out.
    biases `[2, 42, n_features / 84, 1]`: over the ramp too, in the order of dilations.
    share `[n_dilations, 2, 1, n_timepoints, 1]`: of a timepoint in the mean over time. Every other kernel counts those
    alone at which it lies within the series.
    """

    kernels: Tensor
    biases: Tensor
    share: Tensor

    def __init__(self, size: Size, n_features: int) -> None:
        per_kernel = n_features // N_KERNELS
        super().__init__(per_kernel * N_KERNELS, size.n_classes)
        self.n_timepoints = max(size.n_timepoints, TAPS)
        self.most = max(1, CHUNK // (N_KERNELS * self.n_timepoints))
        self.dilations, self.counts = choose_dilations(self.n_timepoints, per_kernel)
        self.register_buffer("kernels", torch.zeros(len(self.dilations), N_KERNELS, size.n_channels, TAPS))
        self.register_buffer("biases", torch.zeros(2, N_KERNELS // 2, per_kernel, 1))
        self.register_buffer("share", make_shares(self.dilations, self.n_timepoints))

    def forward(self, series: Tensor) -> Tensor:
        return super().forward(self.compute_features(series))

    def compute_features(self, series: Tensor) -> Tensor:
        """Shares of time above each bias, 0 … 1, `[n, n_features]`, kernel by kernel."""
        series, found = lengthen(series), []
        for position, biases in enumerate(torch.split(self.biases, self.counts, dim=2)):
            answers = self._convolve(series, position).reshape(-1, 2, N_KERNELS // 2, 1, self.n_timepoints)
            for some in torch.split(biases, self.most, dim=2):
                found.append((answers - some).clamp(0, 1) @ self.share[position])
        return torch.cat(found, dim=3).flatten(1)

    def fit_kernels(self, series: Tensor, random: np.random.Generator) -> None:
        """Choose channels by chance, and biases by quantiles of the answers to cases drawn from `series`."""
        series, start = lengthen(series), 0
        shares = GOLDEN * np.arange(1, self.biases.numel() + 1) % 1
        for position, count in enumerate(self.counts):
            self.kernels[position] = draw_channels(series.shape[1], random)[:, :, None] * make_kernels()[:, None]
            drawn = series[random.integers(len(series), size=N_KERNELS)]
            answers = self._convolve(drawn, position)[range(N_KERNELS), range(N_KERNELS)].double().numpy()
            asked = shares[start * N_KERNELS : (start + count) * N_KERNELS].reshape(N_KERNELS, count)
            biases = np.stack([np.quantile(own, at) for own, at in zip(answers, asked, strict=True)])
            ramp = max(RAMP * answers.std(), NARROWEST_RAMP)
            self.kernels[position] /= ramp
            self.biases[:, :, start : start + count] = torch.as_tensor(biases / ramp).reshape(2, -1, count, 1)
            start += count

    def _convolve(self, series: Tensor, position: int) -> Tensor:
        """What the kernels answer at a dilation, over the ramp, `[n, 84, n_timepoints]`."""
        dilation = self.dilations[position]
        return functional.conv1d(series, self.kernels[position], padding=TAPS // 2 * dilation, dilation=dilation)


def make_kernels() -> Tensor:
    """`[84, 9]`: every choice of three weights; of these, in the paper's order, every other one first."""
    kernels = torch.full((N_KERNELS, TAPS), -1.0)
    for kernel, taps in zip(kernels, combinations(range(TAPS), 3), strict=True):
        kernel[list(taps)] = 2.0
    return torch.cat([kernels[::2], kernels[1::2]])


def choose_dilations(n_timepoints: int, per_kernel: int) -> tuple[list[int], list[int]]:
    """Dilations, evenly spaced in their logarithms up to a kernel as long as the series, and the biases of each."""
    n_asked = min(per_kernel, MOST_DILATIONS)
    spaced = np.logspace(0, np.log2((n_timepoints - 1) / (TAPS - 1)), n_asked, base=2).astype(int)
    dilations, times = np.unique(spaced, return_counts=True)
    counts = (times * (per_kernel / n_asked)).astype(int)
    for missing in range(per_kernel - counts.sum()):
        counts[missing % len(counts)] += 1
    return dilations.tolist(), counts.tolist()


def make_shares(dilations: list[int], n_timepoints: int) -> Tensor:
    """See `MiniRocket`; which half of the kernels counts all timepoints alternates from dilation to dilation."""
    shares = torch.zeros(len(dilations), 2, 1, n_timepoints, 1)
    for position, dilation in enumerate(dilations):
        margin = TAPS // 2 * dilation
        shares[position, position % 2] = 1 / n_timepoints
        shares[position, 1 - position % 2, :, margin : n_timepoints - margin] = 1 / (n_timepoints - 2 * margin)
    return shares


def draw_channels(n_channels: int, random: np.random.Generator) -> Tensor:
    """Which channels each kernel sums over, 1 or 0, `[84, n_channels]`; few are likelier than many."""
    chosen = torch.zeros(N_KERNELS, n_channels)
    most = math.log2(min(n_channels, MOST_CHANNELS) + 1)
    for kernel in chosen:
        kernel[random.choice(n_channels, int(2 ** random.uniform(0, most)), replace=False)] = 1
    return chosen


def lengthen(series: Tensor) -> Tensor:
    """At least nine timepoints; what is missing repeats the last value."""
    missing = TAPS - series.shape[2]
    return series if missing <= 0 else functional.pad(series, (0, missing), mode="replicate")


def build(size: Size, settings: Settings) -> MiniRocket:
    """See `training.families.classifiers`."""
    return MiniRocket(size, settings.n_features)


def fit(cases: PolicyCases, settings: Settings, run: Run) -> tuple[MiniRocket, None]:
    """See `training.families.classifiers`; kernels are fitted to the real cases."""
    classifier = build(cases.real.size, settings)
    classifier.fit_kernels(cases.real.series, np.random.default_rng(run.seed))

    def compute_features(series: Tensor) -> Tensor:
        return torch.cat([classifier.compute_features(part) for part in torch.split(series, ROWS)])

    fit_head(classifier, compute_features, cases, settings, run.seed)
    return classifier.eval(), None

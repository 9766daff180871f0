"""Hydra (Dempster, Schmidt & Webb, 2023) beside MiniRocket: which of a group's random kernels answers most, and least.

Kernels of nine random weights stand in groups of eight, at every dilation, half of the groups on the differences of
neighbouring timepoints. At each timepoint the kernels of a group compete: the one that answers most gains its answer,
the one that answers least gains one; a kernel's two features are the square roots of its mean gains. Where the
published features give all to the winner, here a kernel within a narrow ramp of it has a part, so that the rounding of
another runtime moves an answer by as little. The authors join Hydra with Rocket's features; so does this, with fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.families.classifiers.minirocket import N_KERNELS, TAPS, MiniRocket, lengthen
from training.families.settings import FLOAT, RidgeSettings, Size
from training.learning.policy_cases import PolicyCases
from training.learning.ridge_head import RidgeHead, fit_head
from training.learning.run import Run
from training.settings import Bounds

GROUP = 8
"""Kernels that compete."""

FEWEST_CHANNELS, MOST_CHANNELS = 2, 8
"""That a group sums over: half of them within these bounds."""

RAMP, NARROWEST_RAMP = 1e-2, 1e-4
"""The ramp's width over the standard deviation of the answers to the training cases; and in standardised units."""

LEAST_GAIN = 1e-6
"""Added under the root, whose slope at 0 would turn rounding into differences."""

ROWS = 64
"""Cases whose features are computed at a time in a fit."""


@dataclass(frozen=True)
class Settings(RidgeSettings):
    """Competing random kernels and MiniRocket's features, and a ridge regression; without gradient steps."""

    n_groups: Annotated[int, Bounds(ge=2, le=1024)] = 64
    """Groups of eight kernels at each dilation, half of them on differences."""
    n_rocket: Annotated[int, Bounds(ge=N_KERNELS, le=100_000)] = 2_520
    """MiniRocket's features beside them."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        n_features = self.n_rocket + 2 * GROUP * self.n_groups * len(choose_dilations(size.n_timepoints))
        yield (
            2 * (size.n_classes + 3) * n_features * FLOAT,  # in the graph, and again in weights.npz
            f"for {n_features} features of {size.n_classes} classes (set fewer --classifier.n-groups)",
        )


class Hydra(RidgeHead):
    """Standardised series `[n, n_channels, n_timepoints]` to logits `[n, n_classes]`.

    kernels `[n_dilations, 2, 8 × n_groups / 2, n_channels, 9]`, over the ramp: of the series, and of their differences.
    """

    kernels: Tensor

    def __init__(self, size: Size, n_groups: int, n_rocket: int) -> None:
        dilations, half = choose_dilations(size.n_timepoints), n_groups // 2
        rocket = MiniRocket(size, n_rocket)
        super().__init__(rocket.weights.shape[0] + len(dilations) * 2 * half * 2 * GROUP, size.n_classes)
        self.rocket, self.dilations = rocket, dilations
        self.register_buffer("kernels", torch.zeros(len(self.dilations), 2, half * GROUP, size.n_channels, TAPS))

    def forward(self, series: Tensor) -> Tensor:
        return super().forward(self.compute_features(series))

    def compute_features(self, series: Tensor) -> Tensor:
        """MiniRocket's features, then the roots of mean gains, `[n, n_features]`."""
        found, series = [self.rocket.compute_features(series)], lengthen(series)
        for position in range(len(self.dilations)):
            for number, seen in enumerate((series, series.diff(dim=2))):
                answers = self._convolve(seen, position, number)
                found += [_share_gains(answers, answers.amax(dim=2, keepdim=True)), _share_gains(-answers, None)]
        return torch.cat([part.flatten(1) for part in found], dim=1)

    def fit_kernels(self, series: Tensor, random: np.random.Generator) -> None:
        """Draw the kernels, and choose the ramps by the answers to `series`."""
        self.rocket.fit_kernels(series, random)
        series = lengthen(series)
        for position in range(len(self.dilations)):
            for number, seen in enumerate((series, series.diff(dim=2))):
                self.kernels[position, number] = draw_kernels(self.kernels.shape[2:], random)
                some = seen[random.integers(len(seen), size=ROWS)]
                deviation = float(self._convolve(some, position, number).std())
                self.kernels[position, number] /= max(RAMP * deviation, NARROWEST_RAMP)

    def _convolve(self, series: Tensor, position: int, number: int) -> Tensor:
        """The answers over the ramp, `[n, n_groups / 2, 8, n_timepoints]`."""
        dilation = self.dilations[position]
        kernels, padding = self.kernels[position, number], TAPS // 2 * dilation
        answers: Tensor = functional.conv1d(series, kernels, padding=padding, dilation=dilation)
        return answers.reshape(-1, kernels.shape[0] // GROUP, GROUP, answers.shape[2])  # len() would freeze the batch


def _share_gains(answers: Tensor, gain: Tensor | None) -> Tensor:
    """The roots of the mean gains of those that answer most, `[n, n_groups / 2, 8]`; a gain is `gain`, over the ramp,
    or one."""
    won = (answers - answers.amax(dim=2, keepdim=True) + 1).clamp_min(0)
    gained = won if gain is None else won * (RAMP * gain)
    return (gained.mean(dim=3).clamp_min(0) + LEAST_GAIN).sqrt()


def choose_dilations(n_timepoints: int) -> list[int]:
    """Powers of two, up to a kernel as long as the series."""
    n_timepoints = max(n_timepoints, TAPS)
    return [2**power for power in range(int(np.log2((n_timepoints - 1) / (TAPS - 1))) + 1)]


def draw_kernels(shape: tuple[int, ...], random: np.random.Generator) -> Tensor:
    """Kernels `[8 × n_groups / 2, n_channels, 9]` of mean 0 and absolute sum 1; a group sums over channels drawn by
    chance."""
    n_kernels, n_channels, _ = shape
    weights = random.standard_normal((n_kernels, 1, TAPS))
    weights -= weights.mean(axis=2, keepdims=True)
    weights /= np.abs(weights).sum(axis=2, keepdims=True)
    chosen = np.zeros((n_kernels // GROUP, n_channels))
    summed = min(n_channels, int(np.clip(n_channels // 2, FEWEST_CHANNELS, MOST_CHANNELS)))
    for group in chosen:
        group[random.choice(n_channels, summed, replace=False)] = 1
    return torch.as_tensor(weights * chosen.repeat(GROUP, axis=0)[:, :, None], dtype=torch.float32)


def build(size: Size, settings: Settings) -> Hydra:
    """See `training.families.classifiers`."""
    return Hydra(size, settings.n_groups, settings.n_rocket)


def fit(cases: PolicyCases, settings: Settings, run: Run) -> tuple[Hydra, None]:
    """See `training.families.classifiers`; kernels are fitted to the real cases."""
    classifier = build(cases.real.size, settings)
    classifier.fit_kernels(cases.real.series, np.random.default_rng(run.seed))

    def compute_features(series: Tensor) -> Tensor:
        return torch.cat([classifier.compute_features(part) for part in torch.split(series, ROWS)])

    fit_head(classifier, compute_features, cases, settings, run.seed)
    return classifier.eval(), None

"""The cases that a classifier trains on under a policy: real ones, synthetic ones at a lower weight, warped or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from training.learning.cases import Pool
from training.learning.warps import warp_series

WARPED_COPIES = 4
"""Warped copies of a case that stand beside it where cases are collected once."""


@dataclass(frozen=True)
class WeightedCases:
    """Standardised series `[n, n_channels, n_timepoints]`, class_index `[n]` and the weight `[n]` of each in a loss."""

    series: Tensor
    class_index: Tensor
    weight: Tensor


@dataclass(frozen=True)
class PolicyCases:
    """What a policy gives a classifier to learn from, batch by batch or all at once.

    real, made: the real cases, and the synthetic ones that the policy adds, if it adds any.
    synthetic_weight: of a synthetic case; a real one has 1.
    clean_finish: the share of the steps, at the end, that see real cases only, as they are.
    warp_probability: the chance of a time warp, and again of a window slice, per case; 0 for a policy without warps.
    balance: a class is drawn in proportion to its number of real cases to the power of 1 less this (square-root
    sampling: Kang et al., 2020); None: every case alike.
    """

    real: Pool
    made: Pool | None = None
    synthetic_weight: float = 0.5
    clean_finish: float = 0.4
    warp_probability: float = 0.0
    balance: float | None = None

    def to(self, device: torch.device) -> PolicyCases:
        """The same on another device."""
        made = self.made.to(device) if self.made is not None else None
        return replace(self, real=self.real.to(device), made=made)

    @cached_property
    def chances(self) -> Tensor | None:
        """In proportion to which each real case is drawn, `[n]`; None: each alike."""
        if self.balance is None:
            return None
        counts: Tensor = torch.bincount(self.real.class_index)[self.real.class_index]
        return counts**-self.balance

    def draw_batch(self, index: Tensor, progress: float, generator: torch.Generator) -> WeightedCases:
        """The real cases at `index`, or by chance where classes are balanced, and as many synthetic ones.

        `progress` is 0 … 1 of the steps; at last, real cases alone.
        """
        if self.chances is not None:
            index = torch.multinomial(self.chances, len(index), replacement=True, generator=generator)
        finishing = progress >= 1 - self.clean_finish
        series, class_index = self.real.series[index], self.real.class_index[index]
        weight = torch.ones(len(index), device=index.device)
        if self.made is not None and not finishing:
            drawn = torch.randint(len(self.made.series), (len(index),), generator=generator, device=index.device)
            series = torch.cat([series, self.made.series[drawn]])
            class_index = torch.cat([class_index, self.made.class_index[drawn]])
            weight = torch.cat([weight, self.synthetic_weight * weight])
        if self.warp_probability and not finishing:
            series = warp_series(series, self.warp_probability, generator)
        return WeightedCases(series, class_index, weight)

    def collect(self, seed: int) -> WeightedCases:
        """All cases at once, for who learns from them in one go: real ones, synthetic ones, warped copies of both.

        Real cases as they are keep the share of the whole weight that `clean_finish` gives them; the synthetic ones
        together weigh `synthetic_weight` of the real.
        """
        own = torch.ones(len(self.real.series)) if self.chances is None else self.chances
        own = own / own.mean()
        parts = [(self.real.series, self.real.class_index, own)]
        if self.made is not None:
            each = self.synthetic_weight * len(own) / len(self.made.series)
            parts.append((self.made.series, self.made.class_index, torch.full((len(self.made.series),), each)))
        if self.warp_probability:
            generator = torch.Generator(self.real.series.device).manual_seed(seed)
            warped = [
                (warp_series(series, self.warp_probability, generator), class_index, weight / WARPED_COPIES)
                for series, class_index, weight in parts
                for _ in range(WARPED_COPIES)
            ]
            parts = [(self.real.series, self.real.class_index, self.clean_finish * own)] + [
                (series, class_index, (1 - self.clean_finish) * weight) for series, class_index, weight in warped
            ]
        series, class_index, weight = (torch.cat(column) for column in zip(*parts, strict=True))
        return WeightedCases(series, class_index, weight)

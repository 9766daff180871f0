"""Classical warps of a batch on its device: a smooth time warp, and a window slice stretched back."""

from __future__ import annotations

import torch
from torch import Tensor

KNOTS = 4


def warp_series(series: Tensor, probability: float, generator: torch.Generator, sigma: float = 0.25) -> Tensor:
    """`series` `[n, n_channels, n_timepoints]`, each case time-warped, and sliced to 90 %, with `probability` each.

    The time warp (Um et al., 2017) draws a speed of N(1, sigma) at each knot, at least 0.1, interpolates it linearly
    and follows it; the window slice (Le Guennec et al., 2016) stretches a random 90 % of the series to its length.
    """
    n_cases, _, n_timepoints = series.shape
    device = series.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    grid = torch.linspace(0, 1, n_timepoints, device=device).expand(n_cases, -1)
    speeds = 1 + sigma * torch.randn(n_cases, 1, KNOTS, generator=generator, device=device)
    speed = torch.nn.functional.interpolate(
        speeds.clamp_min(0.1), size=n_timepoints - 1, mode="linear", align_corners=True
    )[:, 0]
    travelled = torch.cat([torch.zeros(n_cases, 1, device=device), speed.cumsum(dim=1)], dim=1)
    warp = travelled / travelled[:, -1:]
    position = torch.where(uniform(n_cases, 1) < probability, warp, grid)
    start, share = 0.1 * uniform(n_cases, 1), 0.9
    position = torch.where(uniform(n_cases, 1) < probability, start + share * position, position)
    return _interpolate(series, position * (n_timepoints - 1))


def _interpolate(series: Tensor, position: Tensor) -> Tensor:
    """`series` at fractional timepoints `position` `[n, n_timepoints]`."""
    last = series.shape[2] - 1
    left = position.floor().clamp(0, last - 1).long()
    share = (position - left)[:, None, :]
    index = left[:, None, :].expand_as(series)
    return (1 - share) * series.gather(2, index) + share * series.gather(2, index + 1)

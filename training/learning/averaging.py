"""Weights averaged over training, which make better series than those of any single step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

DECAY = 0.995
"""Of the average, a step."""

Tensors = tuple[Tensor, ...] | list[Tensor]


def average_weights(module: nn.Module) -> AveragedModel:
    """An exponential moving average of `module`'s weights, which `update_parameters` takes further.

    It forgets the first steps faster: after n of them the decay is (1 + n) / (10 + n), at most DECAY.
    """
    return AveragedModel(module, multi_avg_fn=_update_averages).requires_grad_(False)


@torch.no_grad()
def _update_averages(averages: Tensors, weights: Tensors, n_averaged: Tensor | int) -> None:
    decay = min(DECAY, (1 + int(n_averaged)) / (10 + int(n_averaged)))
    torch._foreach_lerp_(averages, weights, 1 - decay)

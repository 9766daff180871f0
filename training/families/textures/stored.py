"""The residuals of the training cases themselves: each series gets that of a similar case of its class.

It keeps training cases in the bundle: the reconstruction and the residual of a case add up to the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from training.families.settings import FLOAT, FamilySettings, Size
from training.families.textures import Decoded, Texture
from training.learning.run import Run

FAR = 1e6
"""Added to the distance of a case that noise sets aside; to that of another class, its square."""


@dataclass(frozen=True)
class Settings(FamilySettings):
    """The residuals of the training cases themselves, which the bundle then keeps."""

    def estimate_parts(self, size: Size) -> Iterator[tuple[int, str]]:
        yield (
            2 * size.n_cases * size.n_channels * size.n_timepoints * FLOAT,
            f"for the residuals of {size.n_cases} cases (use --texture flow, or fewer cases)",
        )


class StoredResiduals(Texture):
    """The residual of the nearest reconstruction of the class, among the half of the cases whose noise is positive."""

    reveals = "the bundle keeps every training case: its reconstruction and its residual, which add up to it"
    reconstructions: Tensor
    residuals: Tensor
    class_index: Tensor

    def __init__(self, reconstructions: Tensor, residuals: Tensor, class_index: Tensor) -> None:
        super().__init__()
        self.register_buffer("reconstructions", reconstructions.flatten(1))
        self.register_buffer("residuals", residuals)
        self.register_buffer("class_index", class_index)

    def choose_noise_shape(self, n_cases: int) -> tuple[int, ...]:
        return n_cases, len(self.class_index)

    def forward(self, decoded: Tensor, class_index: Tensor, noise: Tensor) -> Tensor:
        # In float64, because a choice has no tolerance. In float32 torch and onnxruntime may choose differently between
        # two cases that are nearly as near, and a distance is lost when FAR is added to it.
        flat, known = decoded.flatten(1).double(), self.reconstructions.double()
        distance = flat.square().sum(1, keepdim=True) - 2 * flat @ known.T + known.square().sum(1)
        distance = distance + FAR * (noise < 0) + FAR**2 * (class_index[:, None] != self.class_index)
        return self.residuals[distance.argmin(dim=1)]


@torch.no_grad()
def fit(cases: Decoded, settings: Settings, run: Run) -> tuple[StoredResiduals, None]:
    """See `training.families.textures`; nothing is trained."""
    del settings, run
    mean, _ = cases.model.encode(cases.series)
    return StoredResiduals(cases.decode_again(mean), cases.series - cases.model.decode(mean), cases.class_index), None

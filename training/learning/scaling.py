"""Original units and native length outside, standardised working length inside."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from bundle.resampling import compute_weights


def make_resampling_matrix(n_from: int, n_to: int) -> Tensor:
    """`[n_from, n_to]`, by which series are multiplied: `bundle.resampling` as a matrix, for a graph to hold."""
    if n_from == n_to:
        return torch.eye(n_from)
    index, weights = compute_weights(n_from, n_to)
    matrix = np.zeros((n_from, n_to))
    np.add.at(matrix, (index, np.arange(n_to)[:, None]), weights)
    return torch.tensor(matrix, dtype=torch.float32)


class Scaling(nn.Module):
    """Per-channel standardisation fitted on the training cases, and resampling to the working length and back."""

    mean: Tensor
    scale: Tensor
    shorten: Tensor
    lengthen: Tensor

    def __init__(self, series: np.ndarray, working_timepoints: int) -> None:
        """`series` `[n_cases, n_channels, n_timepoints]`; a constant channel gets scale 1."""
        super().__init__()
        wide = series.astype(np.float64)
        mean = wide.mean(axis=(0, 2))
        scale = wide.std(axis=(0, 2))
        scale = np.where(scale > 1e-6 * np.maximum(np.abs(mean), 1e-30), scale, 1.0)
        self.native_timepoints = int(series.shape[2])
        self.working_timepoints = min(self.native_timepoints, working_timepoints)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32)[:, None])
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32)[:, None])
        self.register_buffer("shorten", make_resampling_matrix(self.native_timepoints, self.working_timepoints))
        self.register_buffer("lengthen", make_resampling_matrix(self.working_timepoints, self.native_timepoints))

    def standardise(self, series: Tensor) -> Tensor:
        """Original units to standardised, `[n, n_channels, working_timepoints]`."""
        return self.bring_to_working_length((series - self.mean) / self.scale)

    def bring_to_working_length(self, series: Tensor) -> Tensor:
        """`[n, n_channels, n_timepoints]` resampled to `[n, n_channels, working_timepoints]`."""
        return series if self._same_length else series @ self.shorten

    def restore(self, standardised: Tensor) -> Tensor:
        """Standardised to original units, `[n, n_channels, n_timepoints]`."""
        return self.restore_difference(standardised) + self.mean

    def restore_difference(self, standardised: Tensor) -> Tensor:
        """A difference of standardised series to original units."""
        native = standardised if self._same_length else standardised @ self.lengthen
        return native * self.scale

    @property
    def _same_length(self) -> bool:
        return bool(self.native_timepoints == self.working_timepoints)

"""Noise that has the spectrum of given series, from which a flow has less far to go."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor
from torch.nn import functional

SMOOTHED_FREQUENCIES = 5


def compute_colour_filter(series: Tensor) -> Tensor:
    """The symmetric filter `[n_channels, n_timepoints, n_timepoints]` that gives white noise the root mean square
    spectrum of `series`, by cosine transform, smoothed over neighbouring frequencies."""
    basis = torch.tensor(dct(np.eye(series.shape[2]), norm="ortho", axis=1), dtype=torch.float32)
    amplitude = (series @ basis).square().mean(dim=0).sqrt()
    reach = SMOOTHED_FREQUENCIES // 2
    padded = functional.pad(amplitude[:, None], (reach, reach), mode="replicate")
    smooth = functional.avg_pool1d(padded, SMOOTHED_FREQUENCIES, stride=1)[:, 0]
    return basis @ (smooth[:, :, None] * basis.T)

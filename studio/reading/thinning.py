"""Long series for the eye: of every few timepoints the least and the greatest value, so that no spike is lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def thin(arrays: Sequence[Array], most: int) -> tuple[list[Array], float]:
    """Series `[n_channels, length]` of about `most` timepoints at most, and the timepoints that one step stands for."""
    longest = max((array.shape[1] for array in arrays), default=0)
    if longest <= most:
        return [np.ascontiguousarray(array) for array in arrays], 1.0
    width = -(-2 * longest // most)
    return [_thin(array, width) for array in arrays], width / 2


def _thin(array: Array, width: int) -> Array:
    """Two values of every `width`: the least and the greatest, in the order in which they come."""
    n_channels, length = array.shape
    n_bins = -(-length // width)
    padded = np.full((n_channels, n_bins * width), np.nan, np.float32)
    padded[:, :length] = array
    bins = padded.reshape(n_channels, n_bins, width)
    low = np.where(np.isnan(bins), np.inf, bins).argmin(axis=2)
    high = np.where(np.isnan(bins), -np.inf, bins).argmax(axis=2)
    places = np.sort(np.stack([low, high], axis=2), axis=2)
    return np.take_along_axis(bins, places, axis=2).reshape(n_channels, 2 * n_bins)

"""An array's axes are named by the caller, and come out as `[n_cases, n_channels, n_timepoints]`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError

DEFAULT = "n_cases,n_channels,n_timepoints"
_AXES = DEFAULT.split(",")
_FLAT = ["n_cases", "n_timepoints"]


def parse_layout(layout: str) -> list[str]:
    """The axis words of a layout such as `n_cases,n_timepoints,n_channels`; DatasetError for any other words."""
    axes = [word.strip() for word in layout.split(",")]
    if sorted(axes) not in (sorted(_AXES), sorted(_FLAT)):
        raise DatasetError(
            f"The layout {layout!r} is not one that can be read. Expected the words {', '.join(_AXES)} in the order of "
            f"the array's axes, separated by commas, or {' and '.join(_FLAT)} for a two-dimensional array."
        )
    return axes


def move_cases_first(array: NDArray[Any], layout: str, where: str) -> NDArray[Any]:
    """The array as `[n_cases, n_channels, n_timepoints]`; a two-dimensional one has a single channel."""
    axes = parse_layout(layout)
    if array.ndim == 2:
        axes = [axis for axis in axes if axis != "n_channels"]
        array, axes = array[..., np.newaxis], [*axes, "n_channels"]
    if array.ndim != 3 or len(axes) != 3:
        raise DatasetError(
            f"{where} has {array.ndim} dimensions, {array.shape}, while the layout {layout!r} names {len(axes)}. "
            f"Give a layout with one word per dimension, or reshape the array to {DEFAULT}."
        )
    return array.transpose([axes.index(axis) for axis in _AXES])

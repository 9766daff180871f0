"""An array's axes are named by the caller, and come out as `[n_cases, n_channels, n_timepoints]`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.cases import DatasetError

DEFAULT = "n_cases,n_channels,n_timepoints"
_AXES = DEFAULT.split(",")
_FLAT = ["n_cases", "n_timepoints"]
_ONE = ["n_channels", "n_timepoints"]


def parse_layout(layout: str | None) -> list[str]:
    """The axis words of a layout such as `n_cases,n_timepoints,n_channels`; DatasetError for any other words."""
    axes = [word.strip() for word in (DEFAULT if layout is None else layout).split(",")]
    if sorted(axes) not in (sorted(_AXES), sorted(_FLAT), sorted(_ONE)):
        raise DatasetError(
            f"The layout {layout!r} is not one that can be read. Expected the words {', '.join(_AXES)} in the order of "
            f"the array's axes, separated by commas; {' and '.join(_FLAT)} for a two-dimensional array, or "
            f"{' and '.join(_ONE)} for a single recording."
        )
    return axes


def move_cases_first(array: NDArray[Any], layout: str | None, where: str) -> NDArray[Any]:
    """The array as `[n_cases, n_channels, n_timepoints]`; a two-dimensional one has a single channel, or is a single
    recording where the layout names no cases.

    Without a layout the axes are taken as cases, channels, timepoints; DatasetError where they look otherwise.
    """
    axes = parse_layout(layout)
    if "n_cases" not in axes:
        array, axes = array[np.newaxis], ["n_cases", *axes]
    if array.ndim == 2:
        axes = [axis for axis in axes if axis != "n_channels"]
        array, axes = array[..., np.newaxis], [*axes, "n_channels"]
    if array.ndim != 3 or len(axes) != 3:
        raise DatasetError(
            f"{where} has {array.ndim} dimensions, {array.shape}, while the layout {layout or DEFAULT!r} names "
            f"{len(axes)}. Give a layout with one word per dimension, or reshape the array to {DEFAULT}."
        )
    moved = array.transpose([axes.index(axis) for axis in _AXES])
    _refuse_doubtful(moved.shape[1:], layout, where)
    return moved


def move_channels_first(case: NDArray[Any], layout: str | None, where: str) -> NDArray[Any]:
    """One case of a list as `[n_channels, n_timepoints]`; a vector, row or column, has a single channel."""
    if case.ndim == 1 or (case.ndim == 2 and 1 in case.shape):
        return case.reshape(1, -1)
    if case.ndim != 2:
        raise DatasetError(
            f"{where} holds a case of {case.ndim} dimensions, {case.shape}. Give each case as channels by timepoints."
        )
    axes = [axis for axis in parse_layout(layout) if axis != "n_cases"]
    moved = case.T if axes == _ONE[::-1] else case
    _refuse_doubtful(moved.shape, layout, where)
    return moved


def _refuse_doubtful(shape: tuple[int, ...], layout: str | None, where: str) -> None:
    """Without a layout, more channels than timepoints are more likely the other way round."""
    n_channels, n_timepoints = shape
    if layout is None and n_channels > n_timepoints:
        raise DatasetError(
            f"{where} has more channels ({n_channels}) than timepoints ({n_timepoints}) if its axes are {DEFAULT}. Say "
            f"which they are: --layout n_cases,n_timepoints,n_channels, or --layout {DEFAULT} if that is right."
        )

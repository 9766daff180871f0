"""Series per class, real beside synthetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import (
    choose_channels,
    choose_classes,
    fit_height,
    make_panels,
    make_picture,
    name_channel,
    name_class,
    spread_indices,
    use_style,
)
from training.report.inputs import ReportInputs
from training.report.palette import INK, choose_colour
from training.report.parts import Note, Section

MOST_SERIES = 15


@dataclass(frozen=True)
class _Panel:
    """Real and synthetic series of one class and channel, `[n, n_timepoints]` each."""

    class_index: int
    title: str
    real: np.ndarray
    made: np.ndarray


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    classes, left_out = choose_classes(inputs)
    n_channels, more_channels = choose_channels(inputs)
    wanted = [
        _Panel(
            index,
            _write_title(inputs, index, channel),
            *(_choose_some(kind.select_class(index))[:, channel] for kind in (inputs.training, inputs.synthetic)),
        )
        for index in classes
        for channel in range(n_channels)
    ]
    per_row = n_channels if n_channels > 1 else 1 if len(classes) <= 3 else 2
    with use_style():
        figure, grid = make_panels(-(-len(wanted) // per_row), 2 * per_row, 1.75 if per_row == 1 else 1.15, sharex=True)
        for number, axes in enumerate(grid.reshape(-1, 2)):
            if number < len(wanted):
                _draw(axes, wanted[number])
            else:
                axes[0].set_axis_off(), axes[1].set_axis_off()
        for index, row in zip(classes if n_channels > 1 else (), grid, strict=False):
            row[0].set_ylabel(name_class(inputs, index, 12))
        for axes in grid[-1]:
            axes.set_xlabel("timepoint")
        image = make_picture(figure, f"Real and synthetic series of {len(classes)} classes, side by side.")
    look_for = (
        "Look for the same level, shape, spread and roughness left (real) and right (synthetic), in original units; "
        "the black line is the median of what is drawn."
    )
    drawn = Note(" ".join(filter(None, [f"Up to {MOST_SERIES} series a panel.", left_out, more_channels])))
    return Section("series", "Series, real against synthetic", look_for, (image, drawn))


def _choose_some(series: np.ndarray) -> np.ndarray:
    some: np.ndarray = series[spread_indices(len(series), MOST_SERIES)]
    return some


def _write_title(inputs: ReportInputs, index: int, channel: int) -> str:
    if inputs.manifest.series.n_channels > 1:
        return name_channel(inputs, channel)
    return name_class(inputs, index, 14)


def _draw(axes: np.ndarray, panel: _Panel) -> None:
    for side, series, kind in ((axes[0], panel.real, "real"), (axes[1], panel.made, "synthetic")):
        _draw_lines(side, series, panel.class_index)
        fit_height(side, panel.real, panel.made)
        side.set_title(f"{panel.title}: {kind}")
        side.title.set_fontsize(8)
    axes[1].tick_params(labelleft=False)


def _draw_lines(axes: Axes, series: np.ndarray, index: int) -> None:
    axes.plot(series.T, color=choose_colour(index), linewidth=0.6, alpha=0.55)
    axes.plot(np.median(series, axis=0), color=INK, linewidth=1.3)

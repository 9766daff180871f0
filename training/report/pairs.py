"""Rows of panels in which each series lies on another one that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import choose_channels, make_panels, make_picture, name_class, use_style
from training.report.inputs import ReportInputs
from training.report.palette import ALARM, INK, QUIET, choose_colour
from training.report.parts import Picture


@dataclass(frozen=True)
class Pair:
    """Two series `[n_channels, n_timepoints]` of one class, and what is written above them."""

    class_index: int
    front: np.ndarray
    behind: np.ndarray
    title: str
    alarming: bool = False


def draw_pair_grid(inputs: ReportInputs, rows: list[list[Pair]], alternative: str) -> Picture:
    """One row per class; what lies behind is grey, what in front has the class's colour."""
    n_channels, _ = choose_channels(inputs)
    with use_style():
        row_inches = 1.1 if n_channels == 1 else 1.6
        figure, grid = make_panels(len(rows), max(map(len, rows)), row_inches, sharex=True)
        for axes_row, row in zip(grid, rows, strict=True):
            for axes, pair in zip(axes_row, row, strict=False):
                _draw(axes, pair, inputs, n_channels)
            for axes in axes_row[len(row) :]:
                axes.set_axis_off()
            axes_row[0].set_ylabel(name_class(inputs, row[0].class_index, 12))
        for axes in grid[-1]:
            axes.set_xlabel("timepoint")
        return make_picture(figure, alternative)


def describe_channels(inputs: ReportInputs) -> str:
    """How the panels show several channels; empty for one."""
    if inputs.manifest.series.n_channels == 1:
        return ""
    left_out = choose_channels(inputs)[1]
    return f"Channels stand one above the other, each in its own standard deviations. {left_out}".strip()


def _draw(axes: Axes, pair: Pair, inputs: ReportInputs, n_channels: int) -> None:
    """One channel in original units; several one above the other, each in its own standard deviations."""
    front, behind = pair.front[:n_channels], pair.behind[:n_channels]
    if n_channels > 1:
        mean = inputs.channel_mean[:n_channels]
        offset = -4.0 * np.arange(n_channels)[:, None]
        front, behind = ((part - mean) / inputs.channel_scale[:n_channels] + offset for part in (front, behind))
        axes.set_yticks([])
    axes.plot(behind.T, color=QUIET, linewidth=2.2, alpha=0.65)
    axes.plot(front.T, color=choose_colour(pair.class_index), linewidth=1.1)
    axes.set_title(pair.title, fontsize=8, color=ALARM if pair.alarming else INK)

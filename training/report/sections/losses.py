"""What the networks minimised, step by step."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from training.learning.loop import History
from training.report.drawing import make_panels, make_picture, make_plain, use_style
from training.report.inputs import ReportInputs
from training.report.palette import ALARM, INK, QUIET
from training.report.parts import Section

PER_ROW = 3
LINES = ((INK, "-"), (ALARM, "--"), (QUIET, "-"), (INK, ":"), (ALARM, ":"), (QUIET, "--"))
"""Colour and style of a loss's parts, none of them a class's."""

SMOOTH = 9
"""Recorded steps averaged for the bold line."""


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    look_for = (
        "Look for curves that have flattened by the end: a falling one asks for more steps, a jumping one for a lower "
        "learning rate. Thin: one batch; bold: a running mean. Of the VAE, “error” is the reconstruction's, “kl” the "
        "code's divergence from a standard normal (it rises before its weight does), “class” its cross-entropy."
    )
    if not inputs.histories:
        return Section("losses", "Losses", look_for, empty="No network was trained, so there are no losses.")
    columns = min(PER_ROW, len(inputs.histories))
    with use_style():
        figure, grid = make_panels(-(-len(inputs.histories) // columns), columns, 2.5)
        for axes, (name, history) in zip(grid.flat, inputs.histories.items(), strict=False):
            _draw(axes, history)
            axes.set(title=make_plain(name), xlabel="step")
        for axes in grid.flat[len(inputs.histories) :]:
            axes.set_axis_off()
        image = make_picture(figure, f"Loss curves of {', '.join(inputs.histories)}.")
    return Section("losses", "Losses", look_for, (image,))


def _draw(axes: Axes, history: History) -> None:
    for place, (part, values) in enumerate(history.parts.items()):
        colour, line = LINES[place % len(LINES)]
        axes.plot(history.steps, values, color=colour, linewidth=0.6, alpha=0.4)
        axes.plot(history.steps, _compute_running_mean(values), color=colour, linewidth=1.6, linestyle=line, label=part)
    if all((values > 0).all() for values in history.parts.values()):
        axes.set_yscale("log")
    axes.legend(loc="best")


def _compute_running_mean(values: np.ndarray) -> np.ndarray:
    """The mean of up to `SMOOTH` values around each."""
    ones = np.ones(min(SMOOTH, len(values)))
    smooth: np.ndarray = np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")
    return smooth

"""A look as pictures: codes in the plane, and the series that are drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from training.learning.watcher import Look
from training.report.drawing import MOST_CLASSES, fit_height, make_panels, make_plain, use_style
from training.report.palette import QUIET, choose_colour, choose_marker
from training.watching.plane import GRID
from training.watching.viewer import Subject

SIDE = 5.2
"""Inches of a map's side, at 100 pixels each: an even number of pixels, as videos need."""

PER_ROW = 4

Points = list[tuple[np.ndarray, PathCollection]]
"""For each class, learned or not: which of the cases it is, and what is drawn of them."""


def make_map(subject: Subject) -> tuple[Figure, Axes, Points]:
    """An empty square, 0 … GRID, with its key; its points are drawn one frame after the other."""
    figure = Figure(figsize=(SIDE, SIDE), dpi=100)
    axes = figure.add_axes((0.08, 0.12, 0.84, 0.82), xlim=(0, GRID), ylim=(0, GRID), xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    points: Points = []
    for index in np.unique(subject.class_index).tolist():
        for is_learned in (True, False):
            chosen = np.flatnonzero((subject.class_index == index) & (subject.is_learned == is_learned))
            scatter = axes.scatter(
                np.zeros(len(chosen)),
                np.zeros(len(chosen)),
                18.0,
                marker=choose_marker(index),
                facecolors=choose_colour(index) if is_learned else "none",
                edgecolors=choose_colour(index),
                linewidths=0.0 if is_learned else 0.9,
                alpha=0.85,
                animated=True,
            )
            points.append((chosen, scatter))
    _write_key(axes, subject)
    return figure, axes, points


def _write_key(axes: Axes, subject: Subject) -> None:
    """Below the map: which colour and marker is which class, and what hollow points are."""
    if subject.is_labelled:
        keys = [(choose_colour(index), choose_marker(index)) for index in range(len(subject.labels))][:MOST_CLASSES]
        handles = [
            Line2D([], [], linestyle="", color=colour, marker=marker, label=make_plain(label, 10))
            for (colour, marker), label in zip(keys, subject.labels, strict=False)
        ]
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=6, handletextpad=0.1)
    hollow = f"; hollow: of the {subject.kind}" if not subject.is_learned.all() else ""
    axes.text(1, 1.01, f"filled: trained on{hollow}", transform=axes.transAxes, ha="right", color="#555555", fontsize=8)


def draw_map(subject: Subject, places: np.ndarray) -> Image.Image:
    """Cases at `places` `[n_shown, 2]`, 0 … GRID."""
    with use_style():
        figure, _, points = make_map(subject)
        for chosen, scatter in points:
            scatter.set_offsets(places[chosen])
            scatter.set_animated(False)
        return render(figure)


def draw_series(subject: Subject, look: Look) -> Image.Image:
    """The first channel of the cases drawn, in grey, with their reconstructions in colour; samples where there are no
    codes."""
    assert look.series is not None, "the caller has looked"
    n_drawn = len(subject.drawn)
    columns = min(PER_ROW, n_drawn)
    with use_style():
        figure, grid = make_panels(-(-n_drawn // columns), columns, 1.1, sharex=True, sharey=True)
        for axes, case, made, index in zip(
            grid.flat, subject.series, look.series, subject.class_index[subject.drawn].tolist(), strict=False
        ):
            if look.latent is not None:
                axes.plot(case[0], color=QUIET, linewidth=2.2, alpha=0.65)
            axes.plot(made[0], color=choose_colour(index), linewidth=1.1)
            axes.set_title(make_plain(subject.labels[index]) if subject.is_labelled else "")
        for axes in grid.flat[n_drawn:]:
            axes.set_axis_off()
        fit_height(grid.flat[0], subject.series[:, 0])
        return render(figure)


def render(figure: Figure) -> Image.Image:
    """The figure's pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's backends are not typed
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]

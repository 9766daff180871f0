"""Figures as pictures within the page: PNG at twice the size shown, drawn without matplotlib's global state."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from training.report.inputs import Collection, ReportInputs
from training.report.palette import INK
from training.report.parts import Picture

PIXELS_PER_INCH = 100
WIDTH = 10.4
"""Inches of a picture across the page."""

N_COLOURS = 128
MOST_CLASSES = 12
MOST_CHANNELS = 3
STYLE: Any = {
    "axes.edgecolor": "#999999",
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "font.size": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": "#555555",
    "xtick.labelsize": 8,
    "ytick.color": "#555555",
    "ytick.labelsize": 8,
}


@contextmanager
def use_style() -> Iterator[None]:
    """The look of every figure that is made and saved inside."""
    with mpl.rc_context(STYLE):
        yield


def make_panels(
    n_rows: int, n_columns: int, row_inches: float, gap_inches: float = 0.42, **sharing: Any
) -> tuple[Figure, np.ndarray]:
    """A figure across the page and its axes `[n_rows, n_columns]`, evenly spaced."""
    height = n_rows * (row_inches + gap_inches) + 0.45
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=0.55 / WIDTH,
        right=1 - 0.1 / WIDTH,
        top=1 - 0.35 / height,
        bottom=0.45 / height,
        hspace=gap_inches / row_inches,
        wspace=0.16 if n_columns < 5 else 0.32,
    )
    return figure, figure.subplots(n_rows, n_columns, squeeze=False, **sharing)


def make_picture(figure: Figure, alternative: str) -> Picture:
    """The figure as an image within the page."""
    source = "data:image/png;base64," + base64.b64encode(render_png(figure)).decode()
    return Picture(source, alternative, round(figure.get_figwidth() * PIXELS_PER_INCH))


def render_png(figure: Figure) -> bytes:
    """The figure as a PNG of few colours, so that it is small; what is nearly white is white."""
    figure.set_dpi(2 * PIXELS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's backends are not typed
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).convert("RGB")
    png = io.BytesIO()
    few = image.quantize(N_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if value > 250 else value for value in few.getpalette() or []])
    few.save(png, "png", compress_level=7)
    return png.getvalue()


def make_plain(label: str, most: int = 22) -> str:
    """A label as a figure can show it: no mathematics, one line, its middle left out where it is too long."""
    line = " ".join(label.split())
    if len(line) > most:
        line = line[: most // 2] + "…" + line[-(most - most // 2 - 1) :]
    return line.replace("$", r"\$")


def spread_indices(n: int, most: int) -> np.ndarray:
    """At most `most` of the indices 0 … n − 1, evenly spaced: neighbours in a file are often alike."""
    chosen: np.ndarray = np.linspace(0, n - 1, min(n, most)).round().astype(int)
    return chosen


def choose_classes(
    inputs: ReportInputs, most: int = MOST_CLASSES, shown: Collection | None = None
) -> tuple[list[int], str]:
    """The classes that a picture of `shown` (default: the training cases) has room for, the largest of those that have
    cases there; and a sentence where they are not all.

    Several channels leave room for half as many.
    """
    if inputs.manifest.series.n_channels > 1:
        most //= 2
    there = inputs.counts if shown is None else np.bincount(shown.class_index, minlength=len(inputs.counts))
    present = [index for index, count in enumerate(there) if count]
    largest = sorted(present, key=lambda index: -inputs.counts[index])[:most]
    if len(largest) == len(inputs.counts):
        return sorted(largest), ""
    return sorted(largest), f"Drawn: the {len(largest)} largest of {len(inputs.counts)} classes."


def choose_channels(inputs: ReportInputs) -> tuple[int, str]:
    """How many channels a picture has room for; and a sentence where they are not all."""
    n_channels = inputs.manifest.series.n_channels
    if n_channels <= MOST_CHANNELS:
        return n_channels, ""
    return MOST_CHANNELS, f"Drawn: the first {MOST_CHANNELS} of {n_channels} channels."


def name_class(inputs: ReportInputs, index: int, most: int = 22) -> str:
    """A class as a figure names it."""
    return f"class {make_plain(inputs.labels[index], most)}" if inputs.manifest.labelled else "all cases"


def name_channel(inputs: ReportInputs, channel: int) -> str:
    """As the manifest names it, else its number from 1; with its unit where that is known."""
    names, units = inputs.manifest.series.channel_names, inputs.manifest.series.units
    name = make_plain(names[channel]) if names else f"channel {channel + 1}"
    return f"{name} [{make_plain(units[channel])}]" if units and units[channel] else name


def fit_height(axes: Axes, *series: np.ndarray) -> None:
    """Limits that hold all of `series`, with a margin."""
    low, high = min(part.min() for part in series), max(part.max() for part in series)
    margin = 0.05 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)

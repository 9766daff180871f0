"""One picture a dataset: real series, and beside them what each family samples, reconstructs and keeps as codes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bundle.engine.bundle import Bundle
from training.learning.cases import TrainingCases
from training.report.drawing import WIDTH, fit_height, make_plain, spread_indices, use_style
from training.report.palette import INK, QUIET, choose_colour, choose_marker

MOST_CLASSES, MOST_SERIES, MOST_POINTS = 3, 12, 200
ROW_INCHES = 1.05


def draw_gallery(bundles: Mapping[str, Bundle], real: TrainingCases, labels: tuple[str, ...], seed: int) -> Figure:
    """A row of real series, and a row for each bundle: samples of up to three classes, one reconstruction, codes.

    `real` are training cases in original units; drawn is the first channel.
    """
    shown = list(range(min(len(labels), MOST_CLASSES)))
    with use_style():
        height = ROW_INCHES * (len(bundles) + 1) + 0.6
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        grid = figure.subplots(len(bundles) + 1, len(shown) + 2, squeeze=False)
        samples = {index: _choose(real.series[real.class_index == index]) for index in shown}
        _draw_row(grid[0], "real", samples, samples)
        for axes in grid[0, -2:]:
            axes.set_axis_off()
        for column, index in enumerate(shown):
            grid[0, column].set_title("all cases" if len(labels) == 1 else f"class {make_plain(labels[index], 12)}")
        grid[1, -2].set_title("a case (grey), reconstructed")
        grid[1, -1].set_title("codes, PCA")
        for row, (name, bundle) in zip(grid[1:], bundles.items(), strict=True):
            made = {index: bundle.sample(index, MOST_SERIES, seed).series for index in shown}
            _draw_row(row, name.partition("-")[2], made, samples)
            _draw_latent(row[-2], row[-1], bundle, real)
    return figure


def _choose(series: np.ndarray) -> np.ndarray:
    some: np.ndarray = series[spread_indices(len(series), MOST_SERIES)]
    return some


def _draw_row(row: np.ndarray, name: str, made: dict[int, np.ndarray], real: dict[int, np.ndarray]) -> None:
    for axes, (index, series) in zip(row, made.items(), strict=False):
        axes.plot(series[:, 0].T, color=choose_colour(index), linewidth=0.6, alpha=0.6)
        fit_height(axes, real[index][:, 0])
        axes.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center", color=INK)


def _draw_latent(pair: Axes, codes: Axes, bundle: Bundle, real: TrainingCases) -> None:
    if not bundle.can("encode"):
        pair.set_axis_off()
        codes.set_axis_off()
        return
    chosen = spread_indices(len(real.series), MOST_POINTS)
    latent = bundle.encode(real.series[chosen])[0]
    case = int(chosen[0])
    pair.plot(real.series[case, 0], color=QUIET, linewidth=1.6)
    pair.plot(bundle.decode(latent[:1])[0, 0], color=choose_colour(int(real.class_index[case])), linewidth=1.0)
    centred = latent - latent.mean(axis=0)
    plane = np.linalg.svd(centred, full_matrices=False)[2][:2].T
    for index in np.unique(real.class_index[chosen]):
        own = centred[real.class_index[chosen] == index] @ plane
        colour, marker = choose_colour(int(index)), choose_marker(int(index))
        across, up = own[:, 0], own[:, 1] if own.shape[1] > 1 else 0 * own[:, 0]
        codes.scatter(across, up, s=9, alpha=0.7, color=colour, marker=marker, linewidths=0)
    for axes in (pair, codes):
        axes.set(xticks=[], yticks=[])

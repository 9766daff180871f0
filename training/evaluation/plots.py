"""A judge's comparison as pictures: uplift per dataset, wins and losses, average ranks, and uplift along a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from training.evaluation.comparison import Comparison
from training.evaluation.statistics import (
    bootstrap_datasets,
    compute_average_ranks,
    compute_critical_difference,
    count_win_tie_loss,
    estimate_over_seeds,
    find_cliques,
)
from training.evaluation.table import format_interval

BETTER, EQUAL, WORSE = "#2166ac", "#d9d9d9", "#b2182b"
COLUMNS = 6
DPI = 90


def draw_plots(comparison: Comparison, folder: Path) -> None:
    """Write `uplift-`, `win-tie-loss-` and `critical-difference-<judge>.png`, as far as there is something to draw."""
    if comparison.compared:
        _draw_uplift(comparison, folder / f"uplift-{comparison.judge}.png")
        _draw_wins(comparison, folder / f"win-tie-loss-{comparison.judge}.png")
    if len(comparison.policies) > 1 and len(comparison.complete) > 1:
        _draw_ranks(comparison, folder / f"critical-difference-{comparison.judge}.png")


def _draw_uplift(comparison: Comparison, path: Path) -> None:
    """A panel for each policy, a line for each dataset: mean over seeds and its interval."""
    n_rows = -(-len(comparison.compared) // COLUMNS)
    columns = min(COLUMNS, len(comparison.compared))
    size = (1.6 + 2.5 * columns, n_rows * (1.1 + 0.19 * len(comparison.datasets)))
    figure, grid = plt.subplots(n_rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, policy in zip(grid.flat, comparison.compared, strict=False):
        _draw_uplift_panel(axes, comparison, policy)
    _close_grid(grid, len(comparison.compared))
    grid[0, 0].set_yticks(range(len(comparison.datasets)), comparison.datasets, fontsize=8)
    grid[0, 0].invert_yaxis()
    largest = max(abs(value) for policy in comparison.compared for value in comparison.compute_uplift(policy).values())
    grid[0, 0].set_xlim(-1.25 * largest - 1, 1.25 * largest + 1)
    figure.supxlabel(f"points of {comparison.measure.replace('_', ' ')} more than without", fontsize=9)
    _save(figure, path)


def _draw_uplift_panel(axes: Axes, comparison: Comparison, policy: str) -> None:
    for place, dataset in enumerate(comparison.datasets):
        values = comparison.pair(policy, dataset)
        if not len(values):
            continue
        mean, interval = float(values.mean()), estimate_over_seeds(values)
        colour = BETTER if mean > 0 else WORSE if mean < 0 else "#969696"
        if interval:
            axes.plot([interval.low, interval.high], [place, place], color=colour, lw=1, alpha=0.6)
        axes.plot([mean], [place], "o", color=colour, ms=3.5)
    overall = bootstrap_datasets(list(comparison.compute_uplift(policy).values()))
    axes.axvspan(overall.low, overall.high, color="#fdae61", alpha=0.35, lw=0)
    axes.axvline(0, color="black", lw=0.6)
    axes.set_title(f"{policy}\n{format_interval(overall)}", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_wins(comparison: Comparison, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 0.9 + 0.28 * len(comparison.compared)))
    for place, policy in enumerate(comparison.compared):
        counts = count_win_tie_loss(list(comparison.compute_uplift(policy).values()))
        left = 0
        for count, colour, ink in (
            (counts.win, BETTER, "white"),
            (counts.tie, EQUAL, "black"),
            (counts.loss, WORSE, "white"),
        ):
            axes.barh(place, count, left=left, color=colour, height=0.75)
            if count:
                axes.text(left + count / 2, place, str(count), ha="center", va="center", fontsize=8, color=ink)
            left += count
    axes.set_yticks(range(len(comparison.compared)), comparison.compared, fontsize=9)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("datasets: better, as good, worse than without", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _draw_ranks(comparison: Comparison, path: Path) -> None:
    """The critical-difference diagram of Demšar, 2006: policies under one bar are not told apart."""
    scores = [comparison.compute_scores(name) for name in comparison.complete]
    ranks = compute_average_ranks(np.array(scores, dtype=np.float64))
    order = np.argsort(ranks, kind="stable")
    names, ranks = [comparison.policies[index] for index in order], ranks[order]
    difference = compute_critical_difference(len(comparison.complete), len(names))
    bars = find_cliques(ranks, difference)
    half = -(-len(names) // 2)
    depth = 0.6 + 0.22 * len(bars)
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.28 * (half + depth)))
    axes.plot([1, len(names)], [0, 0], color="black", lw=1.2)
    for rank in range(1, len(names) + 1):
        axes.plot([rank, rank], [0, -0.25], color="black", lw=1)
        axes.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=8)
    for place, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = place < half
        level = depth + (place if left else len(names) - 1 - place)
        end = 1 - 0.03 * len(names) if left else len(names) + 0.03 * len(names)
        axes.plot([rank, rank, end], [0, level, level], color="#555555", lw=0.7)
        text = f"{name}  {rank:.2f} " if left else f" {rank:.2f}  {name}"
        axes.text(end, level, text, ha="right" if left else "left", va="center", fontsize=8)
    for place, (first, last) in enumerate(bars):
        level = 0.4 + 0.22 * place
        axes.plot([ranks[first] - 0.04, ranks[last] + 0.04], [level, level], color="black", lw=3)
    title = f"Average rank over {len(comparison.complete)} datasets; critical difference {difference:.2f}"
    axes.set_title(title, fontsize=9, pad=16)
    axes.invert_yaxis()
    axes.axis("off")
    _save(figure, path)


def draw_curve(levels: Mapping[int, Comparison], xlabel: str, path: Path) -> None:
    """Mean uplift and its bootstrap interval over datasets against the sizes of a curve, a panel for each policy."""
    names = list(dict.fromkeys(name for comparison in levels.values() for name in comparison.compared))
    if not names:
        return
    n_rows, columns = -(-len(names) // COLUMNS), min(COLUMNS, len(names))
    size = (1 + 2.4 * columns, 0.8 + 2.2 * n_rows)
    figure, grid = plt.subplots(n_rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, policy in zip(grid.flat, names, strict=False):
        _draw_curve_panel(axes, levels, policy)
    _close_grid(grid, len(names))
    figure.supxlabel(xlabel, fontsize=9)
    figure.supylabel("points of balanced accuracy", fontsize=9)
    _save(figure, path)


def _draw_curve_panel(axes: Axes, levels: Mapping[int, Comparison], policy: str) -> None:
    uplifts = {size: list(comparison.compute_uplift(policy).values()) for size, comparison in sorted(levels.items())}
    sizes: Sequence[int] = [size for size, values in uplifts.items() if values]
    intervals = [bootstrap_datasets(uplifts[size]) for size in sizes]
    axes.set_xscale("log")
    low, high = [interval.low for interval in intervals], [interval.high for interval in intervals]
    axes.fill_between(sizes, low, high, color="#9ecae1", alpha=0.6, lw=0)
    axes.vlines(sizes, low, high, color="#9ecae1", lw=2)  # a single level has no area
    axes.plot(sizes, [interval.mean for interval in intervals], "o-", color=BETTER, ms=4)
    axes.axhline(0, color="black", lw=0.6)
    axes.set_xticks(sorted(levels), [str(size) for size in sorted(levels)])
    axes.set_xlim(min(levels) / 1.5, 1.5 * max(levels))
    axes.minorticks_off()
    axes.set_title(policy, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _close_grid(grid: np.ndarray, n_panels: int) -> None:
    """Hide the panels that are not needed; those above them get the tick labels."""
    for place, axes in enumerate(grid.flat):
        axes.set_visible(place < n_panels)
        axes.tick_params(labelbottom=n_panels - grid.shape[1] <= place < n_panels)


def _save(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=DPI)
    plt.close(figure)

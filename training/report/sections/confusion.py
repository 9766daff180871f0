"""Which classes the classifier takes for one another, on held-out cases."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import make_panels, make_picture, make_plain, use_style
from training.report.inputs import ReportInputs
from training.report.palette import INK
from training.report.parts import Picture, Section, Table, format_percent

MOST_NUMBERS = 20
"""Classes up to which every cell holds its count."""

MOST_CONFUSIONS = 8


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    title = "Confusion on held-out cases"
    look_for = "Look off the diagonal: pairs of classes that are mixed up there tend to overlap in the latent map too."
    if not inputs.manifest.labelled:
        return Section("confusion", title, look_for, empty="The data has no labels, and so no classifier.")
    if inputs.held_out is None or inputs.predicted is None:
        return Section("confusion", title, look_for, empty="No cases were held out, so there is nothing to judge on.")
    n_classes = len(inputs.labels)
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (inputs.held_out.class_index, inputs.predicted), 1)
    return Section("confusion", title, look_for, (_draw_matrix(inputs, counts), _list_confusions(inputs, counts)))


def _draw_matrix(inputs: ReportInputs, counts: np.ndarray) -> Picture:
    """Rows are the true classes, shaded by the share of the row."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(8.5, 1.6 + 0.42 * len(counts))
    with use_style():
        figure, grid = make_panels(1, 1, side)
        axes = grid[0, 0]
        long = max(map(len, inputs.labels)) > 3
        edge = 1.4 if long else 0.6
        figure.set_size_inches(side + edge, side + edge)
        figure.subplots_adjust(left=edge / (side + edge), right=0.99, bottom=edge / (side + edge), top=0.99)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        names = [make_plain(label, 14) for label in inputs.labels]
        every = max(1, -(-len(names) // 40))
        axes.set_xticks(
            range(0, len(names), every), names[::every], rotation=45 if long else 0, ha="right" if long else "center"
        )
        axes.set_yticks(range(0, len(names), every), names[::every])
        axes.set(xlabel="taken for", ylabel="true class")
        if len(counts) <= MOST_NUMBERS:
            _write(axes, counts, shares)
        return make_picture(
            figure, f"Confusion matrix; {int(np.trace(counts))} of {int(counts.sum())} cases are right."
        )


def _write(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if shares[row, column] > 0.55 else INK
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=ink, fontsize=8)


def _list_confusions(inputs: ReportInputs, counts: np.ndarray) -> Table:
    """The most frequent mistakes."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = [(i, j) for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True) if wrong[i, j]]
    of_class = counts.sum(axis=1)
    rows = tuple(
        (inputs.labels[i], inputs.labels[j], str(wrong[i, j]), format_percent(wrong[i, j] / of_class[i]))
        for i, j in pairs
    )
    caption = "Most frequent mistakes" if rows else "No case was taken for another class."
    head = ("true class", "taken for", "cases", "of the class") if rows else ()
    return Table(head, rows, numbers=frozenset({2, 3}), caption=caption)

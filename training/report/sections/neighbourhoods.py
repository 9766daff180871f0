"""Synthetic series on the training series nearest to them, so that near copies are seen."""

from __future__ import annotations

import numpy as np

from training.report.drawing import choose_classes, make_panels, make_picture, spread_indices, use_style
from training.report.inputs import Collection, ReportInputs
from training.report.pairs import Pair, describe_channels, draw_pair_grid
from training.report.palette import ALARM, INK, QUIET
from training.report.parts import Note, Part, Picture, Section, format_number

MOST_CLASSES = 8
MOST_REAL = 500
"""Cases of a class, training or held-out, whose own neighbours are searched."""

NEAR_COPY = 0.5
"""A synthetic series nearer to a training series than this share of the usual distance is marked."""

RANKS = {"nearest": 0.0, "10 %": 0.1, "median": 0.5, "farthest": 1.0}
"""Which synthetic series of a class are drawn, by the rank of their distance."""

Distances = list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]
"""By class: its index; the synthetic series' distance and neighbour; the real ones' distance to one another."""


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    found: Distances = []
    for index in range(len(inputs.labels)):
        real, made = (_whiten(kind, index, inputs) for kind in (inputs.training, inputs.synthetic))
        if len(real) and len(made):
            own = spread_indices(len(real), MOST_REAL) if len(real) > 1 else np.empty(0, dtype=int)
            found.append((index, *find_nearest(made, real), find_nearest(real[own], real, own)[0]))
    look_for = (
        "Look for colour that lies exactly on grey: a near copy of a training series. Distances are root mean square "
        "differences in standard deviations of the channel; “usual” is the median from a training case to its nearest "
        f"other one of the class, and what is nearer than {NEAR_COPY:g} times that is marked in red."
    )
    parts = (*_draw_grid(inputs, found), *_draw_distribution(inputs, found))
    return Section("neighbourhoods", "Neighbourhoods", look_for, parts)


def find_nearest(series: np.ndarray, among: np.ndarray, own: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square difference `[n]` to the nearest of `among` and its index `[n]`, for whitened rows `[n, width]`.

    `own` `[n]` are the places of the rows in `among`, where they are of it: a row is no neighbour of itself.
    """
    squared = (series**2).sum(axis=1)[:, None] + (among**2).sum(axis=1) - 2 * series @ among.T
    if own is not None:
        squared[np.arange(len(own)), own] = np.inf
    which = squared.argmin(axis=1)
    difference = series - among[which]
    return np.sqrt((difference**2).mean(axis=1)), which


def _whiten(kind: Collection, index: int, inputs: ReportInputs) -> np.ndarray:
    """Rows `[n, n_channels * n_timepoints]` of one class, in standard deviations of the channel."""
    own = (kind.select_class(index).astype(np.float64) - inputs.channel_mean) / inputs.channel_scale
    rows: np.ndarray = own.reshape(len(own), own.shape[1] * own.shape[2])
    return rows


def _draw_grid(inputs: ReportInputs, found: Distances) -> tuple[Part, ...]:
    classes, left_out = choose_classes(inputs, MOST_CLASSES)
    rows = []
    for index, distance, which, among in found:
        if index not in classes:
            continue
        usual = float(np.median(among)) if len(among) else None
        order = np.argsort(distance, kind="stable")
        chosen = {name: order[round(rank * (len(order) - 1))] for name, rank in RANKS.items()}
        made, real = inputs.synthetic.select_class(index), inputs.training.select_class(index)
        rows.append(
            [_build_pair(name, index, made[i], real[which[i]], distance[i], usual) for name, i in chosen.items()]
        )
    image = draw_pair_grid(inputs, rows, "Synthetic series drawn on their nearest training series, class by class.")
    colours = "Colour: a synthetic series; grey: the training series nearest to it."
    return image, Note(" ".join(filter(None, [colours, left_out, describe_channels(inputs)])))


def _build_pair(
    name: str, index: int, made: np.ndarray, real: np.ndarray, distance: float, usual: float | None
) -> Pair:
    title = f"{name}: {distance:.2f}" + (f" (usual {usual:.2f})" if usual is not None else "")
    return Pair(index, made, real, title, alarming=usual is not None and distance < NEAR_COPY * usual)


def _draw_distribution(inputs: ReportInputs, found: Distances) -> tuple[Part, ...]:
    made = np.concatenate([distance for _, distance, _, _ in found])
    among = np.concatenate([among for *_, among in found])
    kinds = [("synthetic to training", made, ALARM, "-"), ("training to other training", among, INK, "-")]
    if inputs.held_out is not None:
        kinds.append(("held-out to training", _compute_held_out_distance(inputs), QUIET, "--"))
    kinds = [kind for kind in kinds if len(kind[1])]
    medians = "; ".join(f"{name} {format_number(float(np.median(values)), 2)}" for name, values, *_ in kinds)
    close = sum(int((distance < NEAR_COPY * np.median(among)).sum()) for _, distance, _, among in found if len(among))
    note = Note(f"Median distances: {medians}. Marked as near copies: {close} of {len(made)} synthetic series.")
    return (_draw_curves(kinds), note)


def _compute_held_out_distance(inputs: ReportInputs) -> np.ndarray:
    assert inputs.held_out is not None
    parts = []
    for index in range(len(inputs.labels)):
        held_out, real = (_whiten(kind, index, inputs) for kind in (inputs.held_out, inputs.training))
        if len(held_out) and len(real):
            parts.append(find_nearest(held_out[spread_indices(len(held_out), MOST_REAL)], real)[0])
    return np.concatenate(parts) if parts else np.empty(0)


def _draw_curves(kinds: list[tuple[str, np.ndarray, str, str]]) -> Picture:
    with use_style():
        figure, grid = make_panels(1, 1, 2.1)
        for name, values, colour, line in kinds:
            grid[0, 0].ecdf(values, label=name, color=colour, linestyle=line, linewidth=1.5)
        grid[0, 0].set(
            xlabel="distance to the nearest training series of the class", ylabel="share of series", xlim=(0, None)
        )
        grid[0, 0].set_title("Left of the curves of real series, synthetic ones are copies; right of them, they stray")
        grid[0, 0].legend(loc="lower right")
        return make_picture(
            figure, "Cumulative distances to the nearest training series: synthetic, training, held-out."
        )

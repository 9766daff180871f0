"""How anomaly scores are distributed over cases that the judging model was not trained on."""

from __future__ import annotations

import numpy as np

from training.report.drawing import make_panels, make_picture, use_style
from training.report.inputs import NO_ENCODER, ReportInputs
from training.report.palette import ALARM, INK, QUIET
from training.report.parts import Note, Picture, Section, format_percent

N_BINS = 40
TICKS = (1e-6, 1e-5, 1e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1e3, 1e4, 1e6)


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    title = "Anomaly scores"
    look_for = (
        "Look for a held-out distribution like the cross-fitted one and few cases right of 1; many held-out cases "
        "there mean that new data differs from what was learned."
    )
    if inputs.reconstruction is None:
        return Section("anomaly", title, look_for, empty=NO_ENCODER)
    if inputs.threshold is None or inputs.cross_fitted_error is None:
        reason = "There is no threshold, as no fold was made to judge cases by models that had not seen them."
        return Section("anomaly", title, look_for, empty=reason)
    kinds = [("training cases, cross-fitted", inputs.cross_fitted_error / inputs.threshold, QUIET)]
    if inputs.held_out is not None:
        kinds.append(("held-out cases", inputs.error / inputs.threshold, INK))
    scores = [np.log10(np.maximum(values, 1e-6)) for _, values, _ in kinds]
    image = _draw_histogram(kinds, scores)
    shares = "; ".join(
        f"{name} {format_percent(float((values > 1).mean()))} of {len(values)}" for name, values, _ in kinds
    )
    note = "" if inputs.held_out is not None else " There are no held-out cases to compare with."
    return Section("anomaly", title, look_for, (image, Note(f"Above 1: {shares}.{note}")))


def _draw_histogram(kinds: list[tuple[str, np.ndarray, str]], scores: list[np.ndarray]) -> Picture:
    """Of the log scores of each kind, named and coloured."""
    edges = np.linspace(min(map(np.min, scores)), max(0.05, *map(np.max, scores)), N_BINS + 1)
    with use_style():
        figure, grid = make_panels(1, 1, 2.4)
        axes = grid[0, 0]
        for (name, _, colour), values in zip(kinds, scores, strict=True):
            share = np.full(len(values), 1 / len(values))
            filled = colour == QUIET
            axes.hist(
                values,
                edges,
                weights=share,
                histtype="stepfilled" if filled else "step",
                color=colour,
                alpha=0.45 if filled else 1.0,
                linewidth=0 if filled else 1.4,
                label=name,
            )
        ticks = [tick for tick in TICKS if edges[0] <= np.log10(tick) <= edges[-1]]
        axes.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
        axes.axvline(0, color=ALARM, linewidth=1.2, linestyle="--")
        axes.text(0, 1, " threshold", color=ALARM, transform=axes.get_xaxis_transform(), va="top")
        axes.set(xlabel="anomaly score (logarithmic): error / threshold", ylabel="share of cases")
        axes.legend(loc="upper left")
        return make_picture(figure, "Histograms of anomaly scores with the threshold at 1.")

"""Series beside what is left of them after the latent code."""

from __future__ import annotations

import numpy as np

from training.report.drawing import choose_classes
from training.report.inputs import NO_ENCODER, ReportInputs
from training.report.pairs import Pair, describe_channels, draw_pair_grid
from training.report.parts import Note, Section

MOST_CLASSES = 8
RANKS = {"best": 0.0, "median": 0.5, "90 %": 0.9, "worst": 1.0}
"""Which cases of a class are drawn, by the rank of their error."""


def section(inputs: ReportInputs) -> Section:
    """See the module."""
    kind = "held-out cases" if inputs.held_out is not None else "training cases, as none were held out"
    look_for = (
        "Look for shape that is kept and noise that is dropped, also in the worst case (right); what is "
        "missing here is missing from every decoded series. An anomaly score above 1 is marked in red."
    )
    if inputs.reconstruction is None:
        return Section("reconstructions", "Reconstructions", look_for, empty=NO_ENCODER)
    classes, left_out = choose_classes(inputs, MOST_CLASSES, inputs.reconstructed)
    rows = [_build_row(inputs, index) for index in classes]
    image = draw_pair_grid(inputs, rows, "Cases with their reconstructions, from the best to the worst of a class.")
    drawn = f"Colour: the reconstruction; grey: the case. Drawn are {kind}."
    note = Note(" ".join(filter(None, [drawn, left_out, describe_channels(inputs)])))
    return Section("reconstructions", "Reconstructions", look_for, (image, note))


def _build_row(inputs: ReportInputs, index: int) -> list[Pair]:
    own = np.flatnonzero(inputs.reconstructed.class_index == index)
    order = own[np.argsort(inputs.error[own], kind="stable")]
    last = len(order) - 1
    chosen = {name: int(order[round(rank * last)]) for name, rank in RANKS.items()}
    return [_build_pair(inputs, name, index, case) for name, case in chosen.items()]


def _build_pair(inputs: ReportInputs, name: str, index: int, case: int) -> Pair:
    error = float(inputs.error[case])
    score = error / inputs.threshold if inputs.threshold is not None else None
    title = f"{name}: error {error:.3g}" if score is None else f"{name}: score {score:.2f}"
    series = inputs.reconstructed.series[case]
    assert inputs.reconstruction is not None, "`section` has looked"
    return Pair(index, inputs.reconstruction[case], series, title, alarming=score is not None and score > 1)

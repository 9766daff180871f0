"""Reconstructions with anomaly scores.

`error` is the mean squared difference per case, in squared original units; `anomaly_score` is the error over the
99 % quantile of errors on cases not trained on, so an anomalous series scores above 1. Reconstructions have the
lengths, and lie at the times, of the series sent; errors are measured on the model's grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from pydantic import FailFast, Field

from bundle.grid import OnGrid
from service.answers import Cube, Judged, JudgedFlags, Lengths, Note, Vector
from service.operations.contract import ALL, Series, StrictRequest, Times, Wanted, receive_series, require_finite_answer
from service.pace import run_unhurried
from service.room import Room
from service.serving import Serving
from service.uneven import describe_placing

NEEDS = "reconstruct"


class Request(StrictRequest):
    """Series to reconstruct; `with` asks for more."""

    series: Series
    times: Times = None
    extras: Annotated[list[Literal["timepoint_error"]], FailFast()] = Field(
        default_factory=list, alias="with", description="what the answer is to have besides"
    )


@dataclass(frozen=True)
class Answer:
    """`error` is in squared original units; an `anomaly_score` above 1 is anomalous.

    `anomaly_score` and `is_anomaly` are left out where the model had too few cases to know what is usual.

    `note` says what was filled in the series, where anything was.
    """

    model: str
    version: int
    series: Cube
    error: Vector | None
    anomaly_score: Judged | None
    is_anomaly: JudgedFlags | None
    timepoint_error: Cube | None
    lengths: Lengths | None = None
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, placed = await receive_series(request.model, request.series, serving, request.times)
    manifest = served.bundle.manifest
    cubes = ("series" in wanted) + bool(request.extras)
    answered = series.size if placed is None else max(series.size, placed.n_values)
    room.take(cubes * answered + 3 * len(series), unwritten=series.size)
    with served.admit("reconstruct", len(series)):
        (reconstruction,) = await served.reconstruct(series)
    require_finite_answer(reconstruction, "reconstruction")
    error = score = timepoint_error = None
    if any(name in wanted for name in ("error", "anomaly_score", "is_anomaly")):
        counted = None if placed is None else placed.counted
        error = served.bundle.compute_reconstruction_error(series, reconstruction, counted)
        require_finite_answer(error, "error")
        if manifest.anomaly_threshold is not None:
            score = require_finite_answer((error / manifest.anomaly_threshold).astype(np.float32), "anomaly score")
    if "timepoint_error" in request.extras:
        timepoint_error = require_finite_answer(np.square(series - reconstruction), "timepoint error")
    is_anomaly = None if score is None else score > 1
    answer = Answer(manifest.name, manifest.version, reconstruction, error, score, is_anomaly, timepoint_error)
    if placed is None:
        return answer
    return await run_unhurried(reconstruction.nbytes, lambda: _restore(answer, placed))


def _restore(answer: Answer, placed: OnGrid) -> Answer:
    """Bring an answer from the model's grid to the timepoints of the series sent."""
    errors = answer.timepoint_error
    return replace(
        answer,
        series=placed.restore(answer.series),
        timepoint_error=None if errors is None else placed.restore(errors),
        lengths=None if placed.shape.is_fixed else placed.lengths,
        note=describe_placing(placed),
    )

"""Reconstructions with anomaly scores.

`error` is the mean squared difference per case, in squared original units; `anomaly_score` is the error over the
99 % quantile of errors on cases not trained on, so an anomalous series scores above 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import FailFast, Field

from service.answers import Cube, Judged, JudgedFlags, Vector
from service.operations.contract import ALL, Series, StrictRequest, Wanted, receive_series, require_finite_answer
from service.room import Room
from service.serving import Serving

NEEDS = "reconstruct"


class Request(StrictRequest):
    """Series to reconstruct; `with` asks for more."""

    series: Series
    extras: Annotated[list[Literal["timepoint_error"]], FailFast()] = Field(
        default_factory=list, alias="with", description="what the answer is to have besides"
    )


@dataclass(frozen=True)
class Answer:
    """`error` is in squared original units; an `anomaly_score` above 1 is anomalous.

    `anomaly_score` and `is_anomaly` are left out where the model had too few cases to know what is usual.
    """

    model: str
    version: int
    series: Cube
    error: Vector | None
    anomaly_score: Judged | None
    is_anomaly: JudgedFlags | None
    timepoint_error: Cube | None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series = receive_series(request.model, request.series, serving)
    manifest = served.bundle.manifest
    cubes = ("series" in wanted) + bool(request.extras)
    room.take(cubes * series.size + 3 * len(series), unwritten=series.size)
    with served.admit("reconstruct", len(series)):
        (reconstruction,) = await served.reconstruct(series)
    require_finite_answer(reconstruction, "reconstruction")
    error = score = timepoint_error = None
    if any(name in wanted for name in ("error", "anomaly_score", "is_anomaly")):
        error = require_finite_answer(served.bundle.compute_reconstruction_error(series, reconstruction), "error")
        if manifest.anomaly_threshold is not None:
            score = require_finite_answer((error / manifest.anomaly_threshold).astype(np.float32), "anomaly score")
    if "timepoint_error" in request.extras:
        timepoint_error = require_finite_answer(np.square(series - reconstruction), "timepoint error")
    is_anomaly = None if score is None else score > 1
    return Answer(manifest.name, manifest.version, reconstruction, error, score, is_anomaly, timepoint_error)

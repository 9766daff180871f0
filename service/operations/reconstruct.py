"""Reconstructions with anomaly scores.

`error` is the mean squared difference per case, in squared original units; `anomaly_score` is the error over the
99 % quantile of errors on cases not trained on, so an anomalous series scores above 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from service.answers import Cube, Flags, Vector
from service.operations.contract import ALL, Series, StrictRequest, Wanted, finite_answer, received
from service.serving import Serving


class Request(StrictRequest):
    """Series to reconstruct; `with` asks for more."""

    series: Series
    extras: list[Literal["timepoint_error"]] = Field(default_factory=list, alias="with")


@dataclass(frozen=True)
class Answer:
    """`anomaly_score` and `is_anomaly` are left out where the model had too few cases to know what is usual."""

    model: str
    version: int
    series: Cube
    error: Vector
    anomaly_score: Vector | None
    is_anomaly: Flags | None
    timepoint_error: Cube | None


async def run(request: Request, serving: Serving, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series = received(request.model, request.series, serving)
    manifest = served.bundle.manifest
    with served.admitted("reconstruct", len(series)):
        (reconstruction,) = await served.reconstruct(series)
    finite_answer(reconstruction, "reconstruction")
    error = finite_answer(served.bundle.reconstruction_error(series, reconstruction), "error")
    score = None
    if manifest.calibration is not None:
        score = finite_answer((error / manifest.calibration.anomaly_threshold).astype(np.float32), "anomaly score")
    timepoint_error = np.square(series - reconstruction) if "timepoint_error" in request.extras else None
    return Answer(
        manifest.name,
        manifest.version,
        reconstruction,
        error,
        score,
        None if score is None else score > 1,
        None if timepoint_error is None else finite_answer(timepoint_error, "timepoint error"),
    )

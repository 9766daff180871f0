"""Latent codes of series.

Answers the posterior mean and log variance of each series under the model's encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.answers import Codes, Note
from service.operations.contract import ALL, Series, StrictRequest, Times, Wanted, receive_series, require_finite_answer
from service.room import Room
from service.serving import Serving
from service.uneven import describe_placing

NEEDS = "encode"


class Request(StrictRequest):
    """Series to encode."""

    series: Series
    times: Times = None


@dataclass(frozen=True)
class Answer:
    """Mean and log variance of the posterior of each series; `note` says what was filled in the series."""

    model: str
    version: int
    posterior_mean: Codes
    posterior_log_variance: Codes
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, placed = await receive_series(request.model, request.series, serving, request.times)
    manifest = served.bundle.manifest
    room.take(2 * len(series) * served.bundle.latent_dim)
    with served.admit("encode", len(series)):
        mean, log_variance = await served.encode(series)
    return Answer(
        manifest.name,
        manifest.version,
        require_finite_answer(mean, "posterior mean"),
        require_finite_answer(log_variance, "posterior log variance"),
        None if placed is None else describe_placing(placed),
    )

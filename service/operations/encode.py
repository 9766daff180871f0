"""Latent codes of series.

Answers the posterior mean and log variance of each series under the model's encoder. On request, `cluster` is the
likeliest component of the model's mixture, numbered from 0 class by class, and `cluster_probability` how sure that is:
of unlabelled data, whose only class has as many components as its fit found, the components are its clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import FailFast, Field, InstanceOf, WithJsonSchema

from service.answers import Axes, Codes, Note, build_array_schema
from service.operations.contract import ALL, Series, StrictRequest, Times, Wanted, receive_series, require_finite_answer
from service.pace import run_unhurried
from service.room import Room
from service.serving import Serving
from service.uneven import describe_placing

NEEDS = "encode"

Clusters = Annotated[
    InstanceOf[np.ndarray],
    WithJsonSchema(build_array_schema(1, {"type": "integer"})),
    Axes("INT64", needs="mixture"),
]
ClusterShares = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1)), Axes("FP32", needs="mixture")]


class Request(StrictRequest):
    """Series to encode; `with` asks for more."""

    series: Series
    times: Times = None
    extras: Annotated[list[Literal["cluster", "cluster_probability"]], FailFast()] = Field(
        default_factory=list, alias="with", description="what the answer is to have besides"
    )


@dataclass(frozen=True)
class Answer:
    """Mean and log variance of the posterior of each series; `note` says what was filled in the series."""

    model: str
    version: int
    posterior_mean: Codes
    posterior_log_variance: Codes
    cluster: Clusters | None = None
    cluster_probability: ClusterShares | None = None
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, placed = await receive_series(request.model, request.series, serving, request.times)
    manifest = served.bundle.manifest
    bundle, extras = served.bundle, request.extras
    if extras:
        bundle.require_mixture()
    room.take(2 * len(series) * bundle.latent_dim + len(extras) * len(series))
    with served.admit("encode", len(series)):
        mean, log_variance = await served.encode(series)
    require_finite_answer(mean, "posterior mean")
    require_finite_answer(log_variance, "posterior log variance")
    cluster = probability = None
    if extras:
        shares = await run_unhurried(mean.nbytes, lambda: bundle.compute_cluster_probabilities(mean))
        highest = require_finite_answer(shares.max(axis=1).astype(np.float32), "cluster probability")
        cluster = shares.argmax(axis=1) if "cluster" in extras else None
        probability = highest if "cluster_probability" in extras else None
    note = None if placed is None else describe_placing(placed)
    return Answer(manifest.name, manifest.version, mean, log_variance, cluster, probability, note)

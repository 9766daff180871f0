"""Latent codes of series.

Answers the posterior mean and log variance of each series under the model's encoder. On request, `cluster` is the
likeliest component of the model's mixture, numbered from 0 class by class, and `cluster_probability` how sure that is:
of unlabelled data, whose only class has as many components as its fit found, the components are its clusters.
`typicality` is the share of held-out training cases whose code lies where the mixture is less dense: near 0, the series
is unlike what the model learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import FailFast, Field, InstanceOf, WithJsonSchema

from service.answers import Axes, Codes, Note, Typicality, build_array_schema
from service.operations.contract import ALL, Series, StrictRequest, Times, Wanted, receive_series, require_finite_answer
from service.pace import run_unhurried
from service.room import Room
from service.served import Served
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
    extras: Annotated[list[Literal["cluster", "cluster_probability", "typicality"]], FailFast()] = Field(
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
    typicality: Typicality | None = None
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, placed = await receive_series(request.model, request.series, serving, request.times)
    manifest = served.bundle.manifest
    extras = request.extras
    if "cluster" in extras or "cluster_probability" in extras:
        served.bundle.require_mixture()
    if "typicality" in extras:
        served.bundle.require("typicality")
    room.take(2 * len(series) * served.bundle.latent_dim + len(extras) * len(series))
    cluster = probability = typicality = None
    with served.admit("encode", len(series)):
        mean, log_variance = await served.encode(series)
        require_finite_answer(mean, "posterior mean")
        require_finite_answer(log_variance, "posterior log variance")
        if "typicality" in extras:
            (log_density,) = await served.compute_log_density(mean)
            typicality = require_finite_answer(served.bundle.rank_log_density(log_density), "typicality")
    if "cluster" in extras or "cluster_probability" in extras:
        cluster, probability = await _find_clusters(served, mean, extras)
    note = None if placed is None else describe_placing(placed)
    return Answer(manifest.name, manifest.version, mean, log_variance, cluster, probability, typicality, note)


async def _find_clusters(
    served: Served, latent: np.ndarray, extras: Sequence[str]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the likeliest component `[n]` of codes and its probability `[n]`, each where it is asked for."""
    shares = await run_unhurried(latent.nbytes, lambda: served.bundle.compute_cluster_probabilities(latent))
    highest = require_finite_answer(shares.max(axis=1).astype(np.float32), "cluster probability")
    return (
        shares.argmax(axis=1) if "cluster" in extras else None,
        highest if "cluster_probability" in extras else None,
    )

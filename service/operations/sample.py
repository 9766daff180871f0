"""Synthetic series, class by class.

Draws from the class-conditional latent mixture, drops what another class explains better, decodes; a model with a
generator makes series of class and noise instead. What the classifier gives to another class is made again.
`acceptance` is the share of proposals kept per class; `fallbacks` counts series for which none was kept and the
likeliest stands in. Without a mixture there is no `log_density`, and `expansion` is refused. What is made is then moved
to the nearest series that meets the constraints named, if any: bounds, fixed ends, a direction, a sum over time.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest
from bundle.generation.mixture import MixtureParameters
from bundle.generation.recipe import MAX_SEED, Recipe
from bundle.manifest import Manifest
from service.answers import Columns, Cube, LabelColumn, Labels, Lengths, LogDensity, Moves, StreamedAnswer, gather
from service.constraining import MOVED, ConstrainedRequest, build_constraints, check_lengths, constrain
from service.generating import HELD_ROWS, Generation
from service.operations.contract import (
    ALL,
    Expansion,
    Seed,
    Wanted,
    check_rows,
    require_finite_answer,
)
from service.room import Room
from service.serving import Serving
from service.strategy import Count, Counts, make_whole
from service.varying import vary_as_learned

NEEDS = "sample"


class Request(ConstrainedRequest):
    """How many series: `counts` per class label, or `n_per_class` of every class."""

    counts: Counts | None = Field(None, description="series per class label")
    n_per_class: Count | None = Field(None, description="series of every class")
    seed: Seed | None = None
    expansion: Expansion | None = None
    cluster: Annotated[int, BeforeValidator(make_whole), Field(ge=0)] | None = Field(
        None, description="the cluster to draw from, of a model of unlabelled data: as /encode numbers them"
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Series in the order of `counts`; per class, acceptance and fallbacks by the text of its label.

    `mean_move` and `largest_move` tell how far constraints moved the values of each series, where there are any.
    """

    model: str
    version: int
    series: Cube
    labels: LabelColumn
    log_density: LogDensity | None = None
    acceptance: dict[str, float]
    fallbacks: dict[str, int]
    seed: int
    lengths: Lengths | None = None
    mean_move: Moves | None = None
    largest_move: Moves | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    return Answer(**await gather(await stream(request, serving, room, whole=True)))


async def stream(request: Request, serving: Serving, room: Room, whole: bool = False) -> StreamedAnswer:
    """Make the same answer chunk by chunk; `whole` says that the caller holds all of it in memory."""
    served = serving.resolve(request.model)
    manifest = served.bundle.manifest
    counts = count_by_class(request, manifest)
    total = sum(counts.values())
    check_rows(total, serving.settings.choose_max_rows(whole), "the request", name_count_field(request))
    held_cases = total if whole else min(total, HELD_ROWS)
    constraints = build_constraints(request, manifest)
    room.take(held_cases * (manifest.series.size + 4))
    seed = draw_seed(request.seed)
    expansion = served.bundle.choose_expansion(request.expansion)
    mixture = None if request.cluster is None else select_cluster(served.bundle, request.cluster)
    recipes = [Recipe(index, count, seed, expansion, mixture=mixture) for index, count in counts.items()]
    varying = vary_as_learned(recipes, manifest.series)
    check_lengths(constraints, manifest.series, list(varying.drawn.values()))
    generation = Generation(served, "sample", recipes, whole=whole)
    has_density = manifest.mixture is not None

    async def make_chunks() -> AsyncIterator[Columns]:
        async for index, part in generation.generate_parts():
            labels = Labels(np.full(len(part.series), index), manifest.labels)
            require_finite_answer(part.series, "sample")
            columns = await constrain(varying.bring_back(index, part) | {"labels": labels}, constraints)
            yield columns | ({"log_density": part.log_density} if has_density else {})

    def build_tail() -> dict[str, Any]:
        made = {str(manifest.labels[index]): of_class for index, of_class in generation.made.items()}
        return {
            "acceptance": {label: of_class.acceptance for label, of_class in made.items()},
            "fallbacks": {label: of_class.n_fallbacks for label, of_class in made.items()},
        }

    head = {"model": manifest.name, "version": manifest.version, "seed": seed}
    narrow = {"labels": "<i4"} | ({"log_density": "<f4"} if has_density else {})
    narrow |= {} if manifest.series.is_fixed else {"lengths": "<i4"}
    narrow |= {} if constraints is None else MOVED
    return StreamedAnswer(manifest, head, narrow, total, make_chunks(), build_tail, generation.close)


def count_by_class(request: Request, manifest: Manifest) -> dict[int, int]:
    """Return the number of series per class index, in the caller's order. Raises `InvalidRequest`."""
    if (request.counts is None) == (request.n_per_class is None):
        came = "both" if request.counts is not None else "neither"
        raise InvalidRequest(f"the request has {came} of 'counts' and 'n_per_class'; send one of them.", "counts")
    if request.counts is None:
        assert request.n_per_class is not None
        counts = dict.fromkeys(range(len(manifest.classes)), request.n_per_class)
    else:
        counts = {manifest.find_class_index(label, "counts"): count for label, count in request.counts.items()}
    if not any(counts.values()):
        raise InvalidRequest("the request asks for zero series; ask for at least one.", name_count_field(request))
    return counts


def select_cluster(bundle: Bundle, cluster: int) -> MixtureParameters:
    """Return the mixture of one cluster. Raises `InvalidRequest`, and `Unsupported` where there are none."""
    mixture = bundle.require_mixture()
    n_clusters = int(mixture.present.sum())
    if len(bundle.manifest.classes) > 1:
        raise InvalidRequest(
            f"cluster came, and model {bundle.manifest.name!r} has classes to draw from; ask for them in 'counts'.",
            "cluster",
        )
    if cluster >= n_clusters:
        raise InvalidRequest(
            f"cluster is {cluster}; model {bundle.manifest.name!r} has the clusters 0 to {n_clusters - 1}.", "cluster"
        )
    return mixture.select_cluster(cluster)


def name_count_field(request: Request) -> str:
    """Return the name of the field that says how many series to make."""
    return "n_per_class" if request.counts is None else "counts"


def draw_seed(seed: int | None) -> int:
    """Return `seed`, or draw one; the answer tells it, so that the same series can be made again."""
    return secrets.randbelow(MAX_SEED + 1) if seed is None else seed

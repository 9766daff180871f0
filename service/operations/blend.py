"""Series on the way from one class to another, of a model that makes series of class and noise.

What such a model knows of a class is an embedding, and `/blend` moves in a straight line from that of `start_labels` to
that of `end_labels` while the noise stays as it is: what changes is what tells the classes apart. `steps` points lie at
even distances, both ends included, at a `position` from 0 to 1. Each way has noise of its own, drawn from `seed`; the
same seed gives the same series, however many ways there are beside. Of several ways, one end may be the same for all.
A model with a decoder goes from class to class with `/interpolate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from bundle.generation.generate import draw_noise
from bundle.grid import bring_to_lengths
from service.answers import Columns, Cube, Lengths, Moves, Vector, Wholes
from service.constraining import ConstrainedRequest, build_constraints, check_lengths, constrain
from service.labelling import ClassLabels, find_named_classes
from service.operations.contract import ALL, Seed, Wanted, check_rows, require_finite_answer
from service.operations.interpolate import MOST_STEPS, count_ways
from service.operations.sample import draw_seed
from service.pace import run_unhurried
from service.points import compute_width
from service.room import Room
from service.serving import Serving
from service.strategy import make_whole

NEEDS = "blend"

ROWS_AT_ONCE = 64
"""Of a way, in one call of the graph: others' requests come in between."""


class Request(ConstrainedRequest):
    """The class that each way begins at, and the one that it ends at."""

    start_labels: ClassLabels = Field(description="where each way begins: a class")
    end_labels: ClassLabels = Field(description="where each way ends: a class")
    steps: Annotated[int, BeforeValidator(make_whole)] = Field(
        9, ge=2, le=MOST_STEPS, description="points at even distances on each way, both ends included"
    )
    seed: Seed | None = None


@dataclass(frozen=True)
class Answer:
    """Series way by way: `way` says which, `position` from 0 to 1 how far along it.

    `mean_move` and `largest_move` tell how far constraints moved the values of each series, where there are any.
    """

    model: str
    version: int
    series: Cube
    position: Vector
    way: Wholes
    seed: int
    lengths: Lengths | None = None
    mean_move: Moves | None = None
    largest_move: Moves | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    bundle, manifest, shape = served.bundle, served.bundle.manifest, served.bundle.manifest.series
    start = find_named_classes(request.start_labels, manifest, "start_labels")
    end = find_named_classes(request.end_labels, manifest, "end_labels")
    n_ways = count_ways("start_labels", len(start), "end_labels", len(end))
    n_made = n_ways * request.steps
    check_rows(n_made, serving.settings.max_rows, "the request", "steps")
    lengths = None if shape.is_fixed else np.full(n_made, shape.n_timepoints)
    constraints = build_constraints(request, manifest)
    check_lengths(constraints, shape, [] if lengths is None else [lengths])
    room.take(n_made * (shape.n_channels * compute_width(shape, lengths) + 2))
    positions, seed = np.linspace(0, 1, request.steps, dtype=np.float32), draw_seed(request.seed)
    made = []
    with served.admit("blend", n_made):
        for way, (first, last) in enumerate(np.broadcast(start, end)):
            noise = draw_noise(bundle.noise_shapes, (seed, way))
            for at in range(0, request.steps, ROWS_AT_ONCE):
                some = positions[at : at + ROWS_AT_ONCE]
                same = {name: np.repeat(value, len(some), axis=0) for name, value in noise.items()}
                made.append(await served.lane.run(bundle.blend, int(first), int(last), some, same, patient=True))
    series = require_finite_answer(np.concatenate(made), "series")
    columns: Columns = {"series": series}
    if lengths is not None:
        known = lengths
        series = await run_unhurried(series.nbytes, lambda: bring_to_lengths(series, known, shape))
        columns = {"series": series, "lengths": lengths}
    answered: dict[str, Any] = await constrain(columns, constraints)
    return Answer(
        manifest.name,
        manifest.version,
        position=np.tile(positions, n_ways),
        way=np.repeat(np.arange(n_ways), request.steps),
        seed=seed,
        **answered,
    )

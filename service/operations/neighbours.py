"""The training cases whose latent codes are nearest to series or codes.

`index` tells where a training case stands in the training set as the fit read it, counted from 0: cases that were left
out for want of a label are counted too, and of recordings that were cut, their windows. Cases that were held out are no
neighbours. `distance` is Euclidean, in the units of the latent code, between posterior means. No training series and no
code is given away.

A distance near 0 tells that a series was trained on, and distances to many series tell where a training code lies: so a
model keeps the codes only where its fit was told to (`--keep-codes`), and refuses otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, InstanceOf, WithJsonSchema

from bundle.errors import InvalidRequest, TooLarge
from bundle.generation.neighbours import TrainingCodes
from service.answers import INTEGER, Axes, Note, build_array_schema
from service.named_arrays import AnyLatent, AnySeries
from service.operations.contract import ALL, StrictRequest, Times, Wanted, check_rows
from service.points import choose_field, join_notes, receive_points
from service.room import Room
from service.served import Served
from service.serving import Serving
from service.strategy import make_whole

NEEDS = "neighbours"

MOST_NEIGHBOURS = 1000

MOST_DISTANCES = 2**28
"""Of one request, series times training cases: some seconds."""

TURN_DISTANCES = 2**18
"""Of one turn on the lane: some milliseconds in which nobody else is served."""

NEIGHBOUR_AXES = ("n_cases", "n_neighbours")
Indices = Annotated[
    InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(2, INTEGER)), Axes("INT64", NEIGHBOUR_AXES)
]
Distances = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(2)), Axes("FP32", NEIGHBOUR_AXES)]


class Request(StrictRequest):
    """Series, real or made, or codes; and how many neighbours of each."""

    series: AnySeries = None
    times: Times = None
    latent: AnyLatent = None
    k: Annotated[int, BeforeValidator(make_whole)] = Field(
        5, ge=1, le=MOST_NEIGHBOURS, description="how many training cases of each, the nearest first"
    )


@dataclass(frozen=True)
class Answer:
    """Places in the training set, and distances; `note` says what was filled in the series."""

    model: str
    version: int
    index: Indices
    distance: Distances
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    manifest, codes = served.bundle.manifest, served.bundle.codes
    assert codes is not None, "NEEDS sees to it"
    points = await receive_points(request, choose_field(request, ("series", "latent")), serving, request.times)
    check_rows(len(points), serving.settings.max_rows, points.field, points.field)
    require_few(request.k, len(points), codes, points.field)
    room.take(2 * len(points) * request.k)
    with served.admit("neighbours", len(points)):
        index, distance = await find_nearest(served, codes, await points.find_codes(served), request.k)
    return Answer(manifest.name, manifest.version, index, distance, join_notes(points))


def require_few(k: int, n_points: int, codes: TrainingCodes, field: str) -> None:
    """Raise `InvalidRequest` where more neighbours are asked for than there are, and `TooLarge` for too much work."""
    n_codes = len(codes.index)
    if k > n_codes:
        raise InvalidRequest(f"k is {k}, and the model learned from {n_codes} cases; ask for at most as many.", "k")
    if n_points * n_codes > MOST_DISTANCES:
        raise TooLarge(
            f"{n_points} points and {n_codes} training cases have {n_points * n_codes} distances; one request may ask "
            f"for {MOST_DISTANCES}. Send several requests.",
            field,
        )


async def find_nearest(
    served: Served, codes: TrainingCodes, latent: NDArray[np.float64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the nearest training cases on the lane, some points at a time, so that others get in between."""
    rows = max(1, TURN_DISTANCES // len(codes.index))
    found = [
        await served.lane.run(codes.find_nearest, latent[start : start + rows], k, patient=True)
        for start in range(0, len(latent), rows)
    ]
    index, distance = zip(*found, strict=True)
    return np.concatenate(index), np.concatenate(distance)

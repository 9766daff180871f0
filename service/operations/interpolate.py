"""Series on the way from one point of the latent space to another.

Each way begins at a series, a latent code or a class, and ends at one; both ends need not be of one kind. The point of
a series is its posterior mean, that of a class the mean of the heaviest component of its mixture. `steps` points lie at
even distances on the way, its two ends included, at a `position` from 0 to 1; `ends` says which of the two ends are
answered. "linear" ways are straight; "spherical" ones follow the arc around the origin (Shoemake, 1985), while
the distance from it changes linearly; they are straight where both codes lie in one direction, or one of them at the
origin. An end is answered as `/decode` has it: the reconstruction of a series, and not the series itself. Of several
ways, answered one after the other, one end may be the same for all.

Where lengths vary, so does the length between two series; between others series have the length of the model's grid.
Series with times are encoded first (`/encode`), and their codes sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from bundle.errors import InvalidRequest
from bundle.generation.walks import Method, interpolate
from bundle.grid import bring_to_lengths
from service.answers import Codes, Columns, Cube, Lengths, Moves, Note, Vector, Wholes
from service.constraining import ConstrainedRequest, build_constraints, check_lengths, constrain
from service.labelling import ClassLabels
from service.named_arrays import EndLatent, EndSeries, StartLatent, StartSeries
from service.operations.contract import ALL, Wanted, check_rows, require_finite_answer
from service.pace import run_unhurried
from service.points import Points, choose_field, compute_width, join_notes, receive_points
from service.room import Room
from service.serving import Serving
from service.strategy import make_whole

NEEDS = "interpolate"

STARTS, ENDS = (tuple(f"{end}_{kind}" for kind in ("series", "latent", "labels")) for end in ("start", "end"))

MOST_STEPS = 10_000


class Request(ConstrainedRequest):
    """Where each way begins, one of three fields; where it ends, one of three; and what is answered of it."""

    start_series: StartSeries = None
    start_latent: StartLatent = None
    start_labels: ClassLabels | None = Field(None, description="where each way begins: a class")
    end_series: EndSeries = None
    end_latent: EndLatent = None
    end_labels: ClassLabels | None = Field(None, description="where each way ends: a class")
    method: Method = Field("linear", description="how the way goes: linear or spherical")
    steps: Annotated[int, BeforeValidator(make_whole)] = Field(
        9, ge=2, le=MOST_STEPS, description="points at even distances on each way, both ends included"
    )
    ends: Literal["both", "start", "end", "neither"] = Field(
        "both", description="which ends are answered: both, start, end or neither"
    )


@dataclass(frozen=True)
class Answer:
    """Series and codes, way by way: `way` says which, `position` from 0 to 1 how far along it.

    `note` says what was filled in the series at the ends. `mean_move` and `largest_move` tell how far constraints moved
    the values of each series, where there are any.
    """

    model: str
    version: int
    series: Cube
    latent: Codes
    position: Vector
    way: Wholes
    lengths: Lengths | None = None
    note: Note = None
    mean_move: Moves | None = None
    largest_move: Moves | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    manifest, shape = served.bundle.manifest, served.bundle.manifest.series
    start, end = [await receive_points(request, choose_field(request, names), serving) for names in (STARTS, ENDS)]
    n_ways, positions = count_ways(start.field, len(start), end.field, len(end)), list_positions(request)
    n_made = n_ways * len(positions)
    check_rows(n_made, serving.settings.max_rows, "the request", "steps")
    lengths = interpolate_lengths(start, end, n_ways, positions)
    if lengths is None and not shape.is_fixed:
        lengths = np.full(n_made, shape.n_timepoints)
    constraints = build_constraints(request, manifest)
    check_lengths(constraints, shape, [] if lengths is None else [lengths])
    room.take(n_made * (shape.n_channels * compute_width(shape, lengths) + served.bundle.latent_dim + 2))
    shape_of_codes = (n_ways, served.bundle.latent_dim)
    with served.admit("interpolate", len(start) + len(end) + n_made):
        first, last = [np.broadcast_to(await one.find_codes(served), shape_of_codes) for one in (start, end)]
        between = interpolate(first, last, positions, request.method)
        latent = between.reshape(n_made, -1).astype(np.float32)
        (series,) = await served.decode(latent)
    require_finite_answer(series, "series", start.field, len(positions) * n_ways // len(start))
    if lengths is not None:
        made, known = series, lengths
        series = await run_unhurried(made.nbytes, lambda: bring_to_lengths(made, known, shape))
    made_columns: Columns = {"series": series}
    if lengths is not None:
        made_columns["lengths"] = lengths
    columns: Any = await constrain(made_columns, constraints)
    return Answer(
        manifest.name,
        manifest.version,
        latent=latent,
        position=np.tile(positions, n_ways).astype(np.float32),
        way=np.repeat(np.arange(n_ways), len(positions)),
        note=join_notes(start, end),
        **columns,
    )


def count_ways(start: str, n_start: int, end: str, n_end: int) -> int:
    """Count the ways between what came in two fields. Raises `InvalidRequest` where there are several ends, and another
    number of starts."""
    if n_start != n_end and 1 not in (n_start, n_end):
        counted = f"there are {n_start} of {start!r} and {n_end} of {end!r}"
        raise InvalidRequest(f"{counted}; send as many, or one of either for all ways.", end)
    return max(n_start, n_end)


def list_positions(request: Request) -> NDArray[np.float64]:
    """List the positions, 0 … 1, that are answered. Raises `InvalidRequest` where none is left."""
    positions = np.linspace(0, 1, request.steps)
    first, behind = int(request.ends in ("end", "neither")), int(request.ends in ("start", "neither"))
    if first + behind == request.steps:
        raise InvalidRequest("a way of 2 steps has its two ends alone; send more 'steps', or other 'ends'.", "steps")
    return positions[first : request.steps - behind]


def interpolate_lengths(
    start: Points, end: Points, n_ways: int, positions: NDArray[np.float64]
) -> NDArray[np.int64] | None:
    """Return the lengths of the series of all ways, `[n_ways * n_positions]`, None where no end is a series of its own.

    A way with one end of a length of its own has that length all along.
    """
    known = [points.lengths for points in (start, end) if points.lengths is not None]
    if not known:
        return None
    first, last = (np.broadcast_to(each, n_ways)[:, None] for each in (known[0], known[-1]))
    lengths: NDArray[np.int64] = np.rint((1 - positions) * first + positions * last).astype(np.int64).reshape(-1)
    return lengths

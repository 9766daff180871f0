"""Series along single axes of the latent space.

Around each centre, which is a series (its posterior mean), a latent code or a class (the mean of the heaviest component
of its mixture), one latent axis after the other is moved over `steps` even steps from `low` to `high` standard
deviations, while the others stay: what an axis stands for is what changes. The standard deviation is that of the axis
within the class in `labels`; without labels, within all classes together; for a model without a mixture it is 1, the
prior's. `labels` beside series or codes name the class of each, whose deviations count then. What is answered at 0 is
what `/decode` has of the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest
from bundle.generation.walks import traverse
from service.answers import Codes, Cube, Lengths, Note, Vector, Wholes
from service.labelling import ClassLabels, find_classes
from service.named_arrays import AnyLatent, AnySeries, LatentAxes
from service.operations.contract import ALL, StrictRequest, Times, Wanted, check_rows, require_finite_answer
from service.pace import run_unhurried
from service.points import choose_field, compute_width, find_centres, join_notes, receive_points
from service.room import Room
from service.serving import Serving
from service.strategy import make_whole

NEEDS = "traverse"

MOST_STEPS, MOST_DEVIATIONS = 10_000, 1000


class Request(StrictRequest):
    """The centres, as series, codes or classes, and how far which axes are moved."""

    series: AnySeries = None
    times: Times = None
    latent: AnyLatent = None
    labels: ClassLabels | None = Field(
        None, description="classes: the centres, or, beside series or codes, the class of each"
    )
    axes: LatentAxes = None
    low: float = Field(-3.0, ge=-MOST_DEVIATIONS, le=MOST_DEVIATIONS, description="the first step, in deviations")
    high: float = Field(3.0, ge=-MOST_DEVIATIONS, le=MOST_DEVIATIONS, description="the last step, in deviations")
    steps: Annotated[int, BeforeValidator(make_whole)] = Field(
        7, ge=2, le=MOST_STEPS, description="points at even distances from low to high"
    )


@dataclass(frozen=True)
class Answer:
    """Series and codes, centre by centre and axis by axis: `centre` and `axis` say which, and `position` how many
    standard deviations away.

    `note` says what was filled in the series that are centres.
    """

    model: str
    version: int
    series: Cube
    latent: Codes
    position: Vector
    axis: Wholes
    centre: Wholes
    lengths: Lengths | None = None
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    manifest, shape = served.bundle.manifest, served.bundle.manifest.series
    alone = request.series is None and request.latent is None
    field = choose_field(request, ("series", "latent", "labels") if alone else ("series", "latent"))
    centres = await receive_points(request, field, serving, request.times)
    axes, positions = choose_axes(request, served.bundle), np.linspace(request.low, request.high, request.steps)
    deviations = find_deviations(request, served.bundle, len(centres))
    n_each = len(axes) * len(positions)
    n_made = len(centres) * n_each
    check_rows(n_made, serving.settings.max_rows, "the request", "steps")
    lengths = None if shape.is_fixed else np.full(n_made, shape.n_timepoints)
    if centres.lengths is not None:
        lengths = np.repeat(centres.lengths, n_each)
    room.take(n_made * (shape.n_channels * compute_width(shape, lengths) + served.bundle.latent_dim + 3))
    with served.admit("traverse", len(centres) + n_made):
        codes = traverse(await centres.find_codes(served), deviations, axes, positions)
        latent = codes.reshape(n_made, -1).astype(np.float32)
        (series,) = await served.decode(latent)
    require_finite_answer(series, "series", centres.field, n_each)
    if not shape.is_fixed and (placed := centres.placed) is not None:
        made = series
        series = await run_unhurried(made.nbytes, lambda: placed.restore_each(made, n_each))
    return Answer(
        manifest.name,
        manifest.version,
        series,
        latent,
        np.tile(positions, len(centres) * len(axes)).astype(np.float32),
        np.tile(np.repeat(axes, len(positions)), len(centres)),
        np.repeat(np.arange(len(centres)), n_each),
        lengths,
        join_notes(centres),
    )


def choose_axes(request: Request, bundle: Bundle) -> NDArray[np.int64]:
    """Return the axes to move along, every one where none is named. Raises `InvalidRequest`."""
    if request.low >= request.high:
        raise InvalidRequest(f"low is {request.low:g} and high {request.high:g}; low must be the lower one.", "low")
    if request.axes is None:
        return np.arange(bundle.latent_dim)
    if (largest := int(request.axes.max())) >= bundle.latent_dim:
        raise InvalidRequest(
            f"axes names the axis {largest}; model {bundle.manifest.name!r} has the axes 0 to {bundle.latent_dim - 1}.",
            "axes",
        )
    return request.axes


def find_deviations(request: Request, bundle: Bundle, n_centres: int) -> NDArray[np.float64]:
    """Return the standard deviation of each axis around each centre, `[n_centres, latent_dim]`.

    Raises `InvalidRequest`, and `Unsupported` where labels come and there is no mixture.
    """
    if request.labels is None:
        return np.broadcast_to(bundle.deviations, (n_centres, bundle.latent_dim))
    beside = "series" if request.series is not None else "latent"
    class_index = find_classes(request.labels, n_centres, bundle.manifest, beside)
    find_centres(bundle, request.labels, "labels")
    assert bundle.mixture is not None
    return bundle.mixture.deviations[class_index]

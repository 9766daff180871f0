"""Class probabilities of series.

`labels` holds the likeliest class of each case. `typicality`, which is made on request, is the share of held-out
training cases whose latent density is lower: near 0, a series is unlike anything the model has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import FailFast, Field

from service.answers import Label, LabelColumn, Labels, Note, Shares, Typicality
from service.operations.contract import ALL, Series, StrictRequest, Times, Wanted, receive_series, require_finite_answer
from service.room import Room
from service.serving import Serving
from service.uneven import describe_placing

NEEDS = "classify"


class Request(StrictRequest):
    """Series to classify; `with` asks for more."""

    series: Series
    times: Times = None
    extras: Annotated[list[Literal["typicality"]], FailFast()] = Field(
        default_factory=list, alias="with", description="what the answer is to have besides"
    )


@dataclass(frozen=True)
class Answer:
    """`probabilities` have their columns in the order of `classes`; `typicality` is from 0 to 1.

    `note` says what was filled in the series.
    """

    model: str
    version: int
    labels: LabelColumn | None
    probabilities: Shares | None
    classes: list[Label]
    typicality: Typicality | None
    note: Note = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, placed = await receive_series(request.model, request.series, serving, request.times)
    manifest = served.bundle.manifest
    labels = probabilities = typicality = None
    room.take(len(series) * (len(manifest.classes) + 2))
    with served.admit("classify", len(series)):
        if "probabilities" in wanted or "labels" in wanted:
            (probabilities,) = await served.classify(series)
            labels = Labels(require_finite_answer(probabilities, "class probability").argmax(axis=1), manifest.labels)
        if "typicality" in request.extras:
            typicality = require_finite_answer((await served.compute_typicality(series))[0], "typicality")
    note = None if placed is None else describe_placing(placed)
    return Answer(manifest.name, manifest.version, labels, probabilities, manifest.labels, typicality, note)

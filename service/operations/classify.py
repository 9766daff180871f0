"""Class probabilities of series.

`labels` holds the likeliest class of each case; `with: ["typicality"]` adds the share of held-out training cases
whose latent density is lower: near 0, a series is unlike anything the model has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from service.operations.contract import Label, Matrix, Series, StrictRequest, Vector, finite_answer, received
from service.serving import Serving


class Request(StrictRequest):
    """Series to classify; `with` asks for more."""

    series: Series
    extras: list[Literal["typicality"]] = Field(default=[], alias="with")


@dataclass(frozen=True)
class Answer:
    """`probabilities` `[n_cases][n_classes]`, columns in the order of `classes`."""

    model: str
    version: int
    labels: list[Label]
    probabilities: Matrix
    classes: list[Label]
    typicality: Vector | None


async def run(request: Request, serving: Serving) -> Answer:
    """See the module."""
    served, series = received(request.model, request.series, serving)
    manifest = served.bundle.manifest
    served.bundle.require_classifier()
    with served.admitted("classify", len(series)):
        (probabilities,) = await served.classify(series)
        typicality = (await served.typicality(series))[0] if "typicality" in request.extras else None
    classes = manifest.labels
    return Answer(
        manifest.name,
        manifest.version,
        [classes[index] for index in probabilities.argmax(axis=1)],
        finite_answer(probabilities, "class probability"),
        classes,
        None if typicality is None else finite_answer(typicality, "typicality"),
    )

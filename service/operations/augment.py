"""A caller's dataset, brought to the counts wanted with synthetic series near the caller's own.

The given series are encoded, and the model's class mixtures shrunk towards them: the more cases of a class, the
further; a class without cases keeps the model's mixture. `strategy` is "balance" (every class sent, up to the largest
of them), {"factor": f} (each class times f) or {"counts": {label: total}} (totals per class). Originals come first,
unchanged, in order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.errors import InvalidRequest
from models.generation import Recipe
from models.manifest import Manifest
from service.answers import Columns, Cube, Flags, Label, LabelColumn, Labels, Stream, gathered
from service.generating import Generation, Made, adapted_mixture
from service.operations.contract import (
    ALL,
    Count,
    Expansion,
    Seed,
    Series,
    StrictRequest,
    Wanted,
    check_rows,
    finite_answer,
    received,
)
from service.operations.sample import drawn
from service.serving import Serving

COMPARED = 256
"""Most synthetic series per class that the report's distance looks at."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Factor(_Strict):
    """Each class, times `factor`."""

    factor: Annotated[float, Field(ge=1, le=1e6)]


class Totals(_Strict):
    """Total per class label, as imbalanced-learn's sampling_strategy; classes not named stay as they are."""

    counts: dict[str, Count]


Strategy = Literal["balance"] | Factor | Totals


class Request(StrictRequest):
    """Cases to augment, with a label each (none for a model of unlabelled data)."""

    series: Series
    labels: list[Label] | None = None
    strategy: Strategy = Field("balance", description='"balance", {"factor": f ≥ 1} or {"counts": {label: total}}')
    seed: Seed | None = None
    expansion: Expansion | None = None
    include_original: bool = True


@dataclass(frozen=True)
class ClassReport:
    """`distance` is the median, over made series, of the root mean squared difference to the nearest given case of the
    class, in original units; null where nothing was given or made."""

    had: int
    made: int
    acceptance: float
    fallbacks: int
    distance: float | None


@dataclass(frozen=True)
class Answer:
    """`synthetic` marks the made cases; `report` is keyed by the text of the class label."""

    model: str
    version: int
    series: Cube
    labels: LabelColumn
    synthetic: Flags
    seed: int
    report: dict[str, ClassReport]


async def run(request: Request, serving: Serving, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    return Answer(**await gathered(await stream(request, serving, whole=True, wanted=wanted)))


async def stream(request: Request, serving: Serving, whole: bool = False, wanted: Wanted = ALL) -> Stream:
    """The same answer, chunk by chunk; the given cases are the first chunk."""
    served, series = received(request.model, request.series, serving)
    manifest = served.bundle.manifest
    given = given_classes(request, manifest)
    had = np.bincount(given, minlength=len(manifest.classes))
    making = to_make(request.strategy, had, manifest)
    total = len(series) + sum(making.values())
    check_rows(total, serving.settings.rows(whole), "the augmented dataset", "strategy")
    seed = drawn(request.seed)
    expansion = manifest.expansion if request.expansion is None else request.expansion
    recipes = [Recipe(index, count, seed, expansion, {}) for index, count in making.items()]
    compared = COMPARED if "report" in wanted else 0
    generation = Generation(served, "augment", recipes, len(series), compared, whole)
    with generation.closed_on_failure():
        generation.mixture = (await adapted_mixture(served, series, given)).graph_inputs()
    report: dict[str, ClassReport] = {}

    async def chunks() -> AsyncIterator[Columns]:
        yield _chunk(series[:kept], given[:kept], manifest, synthetic=False)
        async for index, part in generation.parts():
            finite_answer(part.series, "augmentation")
            yield _chunk(part.series, np.full(len(part.series), index), manifest, synthetic=True)
        if "report" in wanted:
            report.update(await serving.lane.run(reported, manifest, series, given, generation.made))

    kept = len(series) if request.include_original else 0
    head = {"model": manifest.name, "version": manifest.version, "seed": seed}
    n_cases = kept + sum(making.values())
    narrow = {"labels": "<i4", "synthetic": "|b1"}
    return Stream(manifest, head, narrow, n_cases, chunks(), lambda: {"report": report}, generation.close)


def _chunk(series: np.ndarray, class_index: np.ndarray, manifest: Manifest, synthetic: bool) -> Columns:
    return {
        "series": series,
        "labels": Labels(class_index, manifest.labels),
        "synthetic": np.full(len(series), synthetic),
    }


def given_classes(request: Request, manifest: Manifest) -> np.ndarray:
    """Class index of every given case. Raises `InvalidRequest`."""
    if request.labels is None:
        if manifest.labelled:
            raise InvalidRequest("'labels' is missing; send one label for each case of 'series'.", "labels")
        return np.zeros(len(request.series), np.int64)
    if len(request.labels) != len(request.series):
        raise InvalidRequest(
            f"there are {len(request.series)} series and {len(request.labels)} labels; send one label for each case.",
            "labels",
        )
    return np.array([manifest.class_index(label) for label in request.labels], np.int64)


def to_make(strategy: Strategy, had: np.ndarray, manifest: Manifest) -> dict[int, int]:
    """Synthetic series per class index, of every class given or named. Raises `InvalidRequest`."""
    totals = {int(index): int(had[index]) for index in np.flatnonzero(had)}
    if isinstance(strategy, Factor):
        totals = {index: round(strategy.factor * count) for index, count in totals.items()}
    elif isinstance(strategy, Totals):
        totals |= {manifest.class_index(label, "strategy"): total for label, total in strategy.counts.items()}
    else:
        totals = dict.fromkeys(totals, max(totals.values()))
    for index, total in totals.items():
        if total < had[index]:
            raise InvalidRequest(
                f"strategy asks for {total} cases of class {manifest.labels[index]!r}, but {had[index]} were given; "
                "counts are totals and may not lie below what was given.",
                "strategy",
            )
    return {index: total - int(had[index]) for index, total in totals.items()}


def reported(
    manifest: Manifest, series: np.ndarray, given: np.ndarray, made: dict[int, Made]
) -> dict[str, ClassReport]:
    """What was had and made, per class."""
    return {
        str(manifest.labels[index]): ClassReport(
            int((given == index).sum()),
            of_class.count,
            of_class.acceptance,
            of_class.n_fallbacks,
            nearest_distance(of_class.first, series[given == index]),
        )
        for index, of_class in made.items()
    }


def nearest_distance(made: np.ndarray | None, given: np.ndarray) -> float | None:
    """Median over `made` of the root mean squared difference to the nearest of `given`; None where one is empty."""
    if made is None or not len(given):
        return None
    left, right = (cases.reshape(len(cases), -1).astype(np.float64) for cases in (made, given))
    offset = right.mean(axis=0)
    left, right = left - offset, right - offset
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return float(np.median(np.sqrt(np.maximum(squared.min(axis=1), 0) / left.shape[1])))

"""What came, sent back.

An operation of the tests, with a field of every kind that a request or an answer may have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, Field, InstanceOf, WithJsonSchema

from service.answers import Axes, Cube, Flags, Label, LabelColumn, Labels, build_array_schema
from service.operations.contract import ALL, Series, StrictRequest, Wanted, receive_series
from service.room import Room
from service.serving import Serving
from service.strategy import Counts, Factor, Strategy, Totals

Weights = Annotated[
    InstanceOf[np.ndarray],
    BeforeValidator(lambda given: np.asarray(given, np.float32)),
    WithJsonSchema(build_array_schema(1)),
    Axes("FP32"),
]
Positions = Annotated[InstanceOf[np.ndarray], WithJsonSchema(build_array_schema(1, {"type": "integer"})), Axes("INT64")]


class AtMost(BaseModel):
    """No more than `most`."""

    most: int


class Request(StrictRequest):
    """One of each."""

    series: Series
    weights: Weights | None = Field(None, description="a number for each case")
    labels: list[Label] | None = None
    counts: Counts | None = None
    strategy: Strategy = "balance"
    bound: Literal["none"] | AtMost = "none"
    word: Literal["one", "other"] = "one"
    whole: int = 3
    share: float | None = None
    flag: bool = True
    extras: list[Literal["doubled"]] = Field(default_factory=list, alias="with")


@dataclass(frozen=True)
class Inner:
    """A part of a part."""

    factor: float | None
    total: int


@dataclass(frozen=True)
class Chosen:
    """Values of one kind each."""

    word: str
    whole: int
    share: float | None
    flag: bool
    inner: Inner | None


@dataclass(frozen=True)
class Answer:
    """One of each."""

    model: str
    version: int
    series: Cube
    doubled: Cube | None
    positions: Positions
    heavy: Flags
    labels: LabelColumn
    classes: list[Label]
    counts: dict[str, int]
    by_class: dict[str, Inner]
    chosen: Chosen
    share: float | None
    most: int | None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served, series, _ = await receive_series(request.model, request.series, serving)
    manifest, n_cases = served.bundle.manifest, len(request.series)
    room.take(2 * series.size)
    known = list(manifest.labels)
    weights: Any = np.zeros(n_cases) if request.weights is None else request.weights
    inner = None
    if isinstance(request.strategy, Factor):
        inner = Inner(request.strategy.factor, 0)
    elif isinstance(request.strategy, Totals):
        inner = Inner(None, sum(request.strategy.counts.values()))
    counts = request.counts or {}
    return Answer(
        manifest.name,
        manifest.version,
        series,
        2 * series if "doubled" in request.extras else None,
        np.arange(n_cases),
        weights > 1,
        Labels(np.array([known.index(label) for label in request.labels or known[:1] * n_cases]), known),
        manifest.labels,
        counts,
        {label: Inner(0.0, count) for label, count in counts.items()},
        Chosen(request.word, request.whole, request.share, request.flag, inner),
        request.share,
        request.bound.most if isinstance(request.bound, AtMost) else None,
    )

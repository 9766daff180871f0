"""Series with missing values, completed.

What is missing is drawn from the model's latent mixture, given what is observed: `completions` are `n` draws for each
case, `series` is their expectation, and `lower` and `upper` bound the interval that holds `coverage` of them, timepoint
by timepoint. Observed values are kept in all of these, bit for bit. `probabilities` say which class the case may be of;
with `labels`, which name it, all are drawn of that class.

A value is missing where it is null (NaN in tensors), whatever the model's gap policy. A series that is shorter than the
model's misses its end. Where the model's lengths vary, a series ends with its last value, unless `n_timepoints`, or
`times` that go on, say how far it is to go. What a case gets depends on it, its label, `seed`, `n` and `coverage`, not
on the cases beside it; equal cases get equal completions, and fewer completions are the start of more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field, InstanceOf, WithJsonSchema

from bundle.generation.completing import Completion, Turns, Wish
from bundle.generation.conditioning import count_held
from bundle.generation.partial import PartialCase, place_partial
from service import metrics
from service.answers import Axes, Cube, Label, LabelColumn, Labels, Lengths, Shares, build_array_schema
from service.canonical import Array
from service.labelling import ClassLabels, find_classes
from service.operations.contract import (
    ALL,
    Seed,
    Series,
    StrictRequest,
    Times,
    Wanted,
    check_rows,
    require_finite_answer,
)
from service.operations.sample import draw_seed
from service.pace import run_unhurried
from service.room import Room
from service.served import Served
from service.serving import Serving
from service.strategy import make_whole
from service.uneven import list_cases

NEEDS = "complete"

Completions = Annotated[
    InstanceOf[np.ndarray],
    WithJsonSchema(build_array_schema(4)),
    Axes("FP32", ("n_cases", "n_completions", "n_channels", "n_timepoints")),
]


class Request(StrictRequest):
    """Series to complete."""

    series: Series
    times: Times = None
    labels: ClassLabels | None = Field(None, description="the class of each case, where it is known")
    n_timepoints: Annotated[int, BeforeValidator(make_whole), Field(ge=1)] | None = Field(
        None, description="how long each series is to be; default: the model's length, or its own where lengths vary"
    )
    n: Annotated[int, BeforeValidator(make_whole), Field(ge=1)] = Field(10, description="completions of each case")
    coverage: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.9, description="share of the completions between lower and upper"
    )
    seed: Seed | None = None


@dataclass(frozen=True)
class Answer:
    """`probabilities` have their columns in the order of `classes`; `labels` are the likeliest, or those given."""

    model: str
    version: int
    series: Cube
    lower: Cube
    upper: Cube
    completions: Completions
    labels: LabelColumn
    probabilities: Shares
    classes: list[Label]
    seed: int
    lengths: Lengths | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    manifest = served.bundle.manifest
    check_rows(len(request.series), serving.settings.max_rows, "series", "series")
    check_rows(len(request.series) * request.n, serving.settings.max_rows, "the completions", "n")
    known = None if request.labels is None else find_classes(request.labels, len(request.series), manifest, "series")
    shape, times, n_timepoints = manifest.series, request.times, request.n_timepoints
    cases = await run_unhurried(
        request.series.nbytes,
        lambda: place_partial(list_cases(request.series, manifest), shape, n_timepoints, times),
    )
    seed = draw_seed(request.seed)
    wish = Wish(request.n, request.coverage, seed)
    lengths = np.array([case.values.shape[1] for case in cases])
    answered = len(cases) * (request.n + 3) * shape.n_channels * int(lengths.max())
    room.take(answered, unwritten=count_held(shape.n_channels * int(lengths.max()), served.bundle.latent_dim))
    with served.admit("complete", len(cases) * request.n):
        found = [
            await _complete(served, case, wish, None if known is None else int(known[place]))
            for place, case in enumerate(cases)
        ]
    probabilities = np.stack([completion.class_probabilities for completion in found])
    arrays = {
        name: require_finite_answer(_stack([getattr(one, name) for one in found], int(lengths.max())), "completion")
        for name in ("series", "lower", "upper", "completions")
    }
    return Answer(
        manifest.name,
        manifest.version,
        **arrays,
        labels=Labels(probabilities.argmax(axis=1), manifest.labels),
        probabilities=probabilities,
        classes=manifest.labels,
        seed=seed,
        lengths=None if shape.is_fixed else lengths,
    )


async def _complete(served: Served, case: PartialCase, wish: Wish, class_index: int | None) -> Completion:
    """Complete a case in turns on the lane, so that others get in between."""
    labels = ("complete", served.bundle.manifest.name)

    def begin() -> Turns:
        return served.bundle.completer.complete(case, wish, class_index)

    def take_turn() -> Completion | None:
        with metrics.inference_seconds.measure_seconds(*labels):
            try:
                next(turns)
            except StopIteration as ending:
                completion: Completion = ending.value
                return completion
        return None

    turns = await served.lane.run(begin, patient=True)
    while (completion := await served.lane.run(take_turn, patient=True)) is None:
        pass
    return completion


def _stack(parts: list[Array], width: int) -> Array:
    """Stack arrays `[…, length]`, zeros behind each: `[n, …, width]`."""
    stacked = np.zeros((len(parts), *parts[0].shape[:-1], width), np.float32)
    for place, part in enumerate(parts):
        stacked[place, ..., : part.shape[-1]] = part
    return stacked

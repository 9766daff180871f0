"""A caller's dataset, brought to the counts wanted with synthetic series near the caller's own.

`policy` says where they come from; "auto", the default, is the model's own choice, and `advice` what its fit found out
about that. "latent": given cases, each moved in the latent space towards a code of its class's mixture, which is shrunk
towards the given series, the more cases of a class, the further; what no code describes, its texture, it keeps.
"interpolation": given cases, each moved so towards another. "latent+warps" and "interpolation+warps": the same, warped
in time. "warps": given cases, warped. "guided": given cases, each moved in time towards another. Where a class has too
few cases for that, `made_by` in `report` says what made them instead. A model without an encoder moves no cases: its
"latent" series are new ones. A policy that a model cannot follow is refused; `/models` lists those that it can.

`strategy` is "balance" (every class sent, up to the largest of them), {"factor": f} (each class times f) or {"counts":
{label: total}} (totals per class). Originals come first, in order, unchanged: the float32 nearest to each value sent,
which is the value itself for whole numbers up to 2^24 = 16 777 216; missing values are filled. Where lengths vary, a
made series has the length of the given case that it came from, or of one drawn among those of its class. Made series
are moved to the nearest ones that meet the constraints named, if any: bounds, fixed ends, a direction, a sum over time;
`report` tells of them as they were before. `usage` says, per kind of classifier, how the series are best used, and
`overlap` whether the model was fitted on the given cases and on others, with whom they should not be cross-validated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from pydantic import Field

from bundle.engine.bundle import Bundle
from bundle.errors import Unsupported
from bundle.generation.policy import PolicyName, is_latent
from bundle.generation.recipe import Recipe
from bundle.grid import OnGrid
from bundle.manifest import Manifest
from bundle.showing import show
from service.advising import Asked, AugmentAdvice, advise, choose_policy
from service.answers import (
    Column,
    Columns,
    Cube,
    Flags,
    LabelColumn,
    Labels,
    Lengths,
    Moves,
    Note,
    StreamedAnswer,
    Vector,
    gather,
)
from service.class_reports import COMPARED, ClassReport, report_classes
from service.constraining import MOVED, ConstrainedRequest, build_constraints, check_lengths, constrain
from service.generating import HELD_ROWS, Generation
from service.labelling import ClassLabels, find_classes
from service.operations.contract import (
    ALL,
    Expansion,
    Seed,
    Series,
    Wanted,
    check_rows,
    receive_series,
    require_finite_answer,
)
from service.operations.sample import draw_seed
from service.overlapping import TrainingOverlap, describe_overlap
from service.pace import run_unhurried
from service.room import Room
from service.serving import Serving
from service.strategy import Strategy, count_to_make
from service.uneven import describe_placing
from service.units import require_units
from service.usage import Usage, choose_weight, describe_usage
from service.varying import Varying, vary_as_given

NEEDS = "augment"

POLICY = "where synthetic series come from; auto: as the model's fit chose"


class Request(ConstrainedRequest):
    """Cases to augment, with a label each (none for a model of unlabelled data)."""

    series: Series
    labels: ClassLabels | None = Field(None, description="one for each case; none for a model of unlabelled data")
    strategy: Strategy = Field(
        "balance",
        description='"balance", {"factor": f ≥ 1} or {"counts": {label: total}}',
        examples=["balance", {"factor": 2.0}],
    )
    policy: Asked = Field("auto", description=POLICY, examples=["auto"])
    seed: Seed | None = None
    expansion: Expansion | None = None
    include_original: bool = Field(True, description="whether the answer begins with the given cases")


@dataclass(frozen=True)
class Answer:
    """`synthetic` marks the made cases; `report` is keyed by the text of the class label; `policy` made them.

    `sample_weight`, as `fit` of scikit-learn takes it, is 1 for given cases and the recommended weight for made ones.
    `note` says what was filled in the given cases, where anything was. `mean_move` and `largest_move` tell how far
    constraints moved the values of each made series, where there are any; 0 for given cases.
    """

    model: str
    version: int
    series: Cube
    labels: LabelColumn
    synthetic: Flags
    sample_weight: Vector
    seed: int
    policy: PolicyName
    advice: AugmentAdvice
    usage: Usage
    report: dict[str, ClassReport]
    overlap: TrainingOverlap | None = None
    lengths: Lengths | None = None
    note: Note = None
    mean_move: Moves | None = None
    largest_move: Moves | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    return Answer(**await gather(await stream(request, serving, room, whole=True, wanted=wanted)))


async def stream(
    request: Request, serving: Serving, room: Room, whole: bool = False, wanted: Wanted = ALL
) -> StreamedAnswer:
    """Make the same answer chunk by chunk; the given cases are the first chunk."""
    served, series, placed = await receive_series(request.model, request.series, serving)
    manifest = served.bundle.manifest
    given = find_classes(request.labels, len(request.series), manifest, "series")
    had = np.bincount(given, minlength=len(manifest.classes))
    making = count_to_make(request.strategy, had, manifest)
    total = len(series) + sum(making.values())
    check_rows(total, serving.settings.choose_max_rows(whole), "the augmented dataset", "strategy")
    held_cases = total if whole else min(total, len(series) + HELD_ROWS)
    width = manifest.series.n_timepoints if placed is None else max(series.shape[2], int(placed.lengths.max()))
    constraints = build_constraints(request, manifest)
    room.take(held_cases * (manifest.series.n_channels * width + 5))
    seed = draw_seed(request.seed)
    expansion = served.bundle.choose_expansion(request.expansion)
    policy = choose_policy(served.bundle, request.policy)
    require_cases(served.bundle, making, had)
    require_units(series, manifest, policy)
    overlap = await run_unhurried(series.nbytes, partial(describe_overlap, series, manifest))
    stretched = placed is not None and not is_latent(policy)
    if placed is not None and stretched:
        series = placed.stretch().series
    recipes = [Recipe(index, count, seed, expansion, policy) for index, count in making.items()]
    compared = COMPARED if "report" in wanted else 0
    varying = vary_as_given(recipes, manifest.series, placed, given, stretched)
    check_lengths(constraints, manifest.series, [*varying.drawn.values(), *varying.given.values()])
    generation = Generation(served, "augment", recipes, len(series), compared, whole)
    with generation.close_on_failure():
        await generation.start_from(series, given)
    report: dict[str, ClassReport] = {}

    async def make_chunks() -> AsyncIterator[Columns]:
        originals = _answer_given(series, placed, varying)
        if constraints is not None:
            originals |= {name: np.zeros(len(series), np.float32) for name in MOVED}
        originals = {name: column[:kept] for name, column in originals.items()}
        yield _build_chunk(originals, given[:kept], manifest, False, 1.0)
        async for index, part in generation.generate_parts():
            require_finite_answer(part.series, "augmentation")
            made_index = np.full(len(part.series), index)
            columns = await constrain(varying.bring_back(index, part), constraints)
            yield _build_chunk(columns, made_index, manifest, True, weight)
        if "report" in wanted:
            made, made_by = generation.made, generation.made_by
            report.update(await serving.lane.run(report_classes, manifest, series, given, made, made_by))

    kept = len(series) if request.include_original else 0
    weight = choose_weight(manifest)
    head = {"model": manifest.name, "version": manifest.version, "seed": seed, "policy": policy}
    head |= {"advice": advise(manifest, policy), "usage": describe_usage(manifest)}
    n_cases = kept + sum(making.values())
    narrow = {"labels": "<i4", "synthetic": "|b1", "sample_weight": "<f4"}
    narrow |= {} if manifest.series.is_fixed else {"lengths": "<i4"}
    narrow |= {} if constraints is None else MOVED
    if overlap is not None:
        head["overlap"] = overlap
    if placed is not None and (note := describe_placing(placed)):
        head["note"] = note
    return StreamedAnswer(
        manifest, head, narrow, n_cases, make_chunks(), lambda: {"report": report}, generation.close, varying.width
    )


def _answer_given(series: np.ndarray, placed: OnGrid | None, varying: Varying) -> dict[str, np.ndarray]:
    """The given cases as they came, their gaps filled."""
    if placed is None or placed.shape.is_fixed:
        return {"series": series}
    return {"series": placed.stack_cases(varying.width), "lengths": placed.lengths}


def _build_chunk(
    columns: Mapping[str, Column], class_index: np.ndarray, manifest: Manifest, synthetic: bool, weight: float
) -> Columns:
    return {
        **columns,
        "labels": Labels(class_index, manifest.labels),
        "synthetic": np.full(len(class_index), synthetic),
        "sample_weight": np.full(len(class_index), weight, np.float32),
    }


def require_cases(bundle: Bundle, making: dict[int, int], had: np.ndarray) -> None:
    """Raise `Unsupported` where series are wanted of a class without cases, and the bundle makes none out of noise."""
    without = next((index for index, count in making.items() if count and not had[index]), None)
    if without is not None and not bundle.can("sample"):
        raise Unsupported(
            f"model {bundle.manifest.name!r} makes series from given cases alone, and none of class "
            f"{show(bundle.manifest.labels[without])} came; send one, or leave the class out of 'strategy'.",
            "strategy",
        )

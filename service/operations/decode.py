"""Series of latent codes.

Each code `[latent_dim]`, such as the posterior mean that `/encode` answers, becomes a series in original units, as long
as the model's grid. It is smooth, since a code does not say what the fine structure of a series is; with `texture` it
is given one as real series of its class have it, which `seed` names. On request, `log_density` is the log density of
each code whatever its class, and `typicality` the share of held-out training cases whose density is lower: near 0, a
code lies where no training case did, and its series is the decoder's guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import FailFast, Field

from bundle.engine.bundle import Bundle
from bundle.errors import InvalidRequest, Unsupported
from service.answers import CodeDensity, Cube, Lengths, Moves, Typicality
from service.constraining import ConstrainedRequest, build_constraints, check_lengths, constrain
from service.decoding import decode_textured
from service.labelling import ClassLabels, find_classes
from service.named_arrays import Latent, require_width
from service.operations.contract import (
    ALL,
    Seed,
    Wanted,
    check_rows,
    require_finite_answer,
)
from service.operations.sample import draw_seed
from service.room import Room
from service.served import Served
from service.serving import Serving

NEEDS = "decode"


class Request(ConstrainedRequest):
    """Codes to decode; `with` asks for more."""

    latent: Latent
    texture: bool = Field(False, description="whether series get the fine structure of real ones")
    labels: ClassLabels | None = Field(None, description="the class of each code, for its texture")
    seed: Seed | None = Field(None, description="of the texture: equal seeds give equal series; drawn when absent")
    extras: Annotated[list[Literal["log_density", "typicality"]], FailFast()] = Field(
        default_factory=list, alias="with", description="what the answer is to have besides"
    )


@dataclass(frozen=True)
class Answer:
    """`log_density` is that of the codes, and `typicality` from 0 to 1. `seed` is the texture's, where there is one.

    `mean_move` and `largest_move` tell how far constraints moved the values of each series, where there are any.
    """

    model: str
    version: int
    series: Cube
    log_density: CodeDensity | None
    typicality: Typicality | None
    seed: int | None = None
    lengths: Lengths | None = None
    mean_move: Moves | None = None
    largest_move: Moves | None = None


async def run(request: Request, serving: Serving, room: Room, wanted: Wanted = ALL) -> Answer:
    """See the module."""
    served = serving.resolve(request.model)
    manifest, latent = served.bundle.manifest, request.latent
    check_rows(len(latent), serving.settings.max_rows, "latent", "latent")
    require_width(latent, manifest, "latent")
    require_texture(request, served.bundle)
    constraints = build_constraints(request, manifest)
    check_lengths(constraints, manifest.series, [])
    room.take(len(latent) * (manifest.series.size + 5))
    seed = draw_seed(request.seed) if request.texture else None
    log_density = typicality = None
    with served.admit("decode", len(latent)):
        series = await _decode(served, request, seed)
        if request.extras:
            log_density, typicality = await judge_codes(served, latent, request.extras)
    lengths = None if manifest.series.is_fixed else np.full(len(latent), manifest.series.n_timepoints)
    columns: Any = await constrain({"series": series}, constraints)
    return Answer(
        manifest.name,
        manifest.version,
        log_density=log_density,
        typicality=typicality,
        seed=seed,
        lengths=lengths,
        **columns,
    )


def require_texture(request: Request, bundle: Bundle) -> None:
    """Raise `Unsupported` where a texture is asked for that the bundle lacks, and `InvalidRequest` where what only a
    texture needs came without one."""
    if request.texture and not bundle.has("texture"):
        raise Unsupported(
            f"model {bundle.manifest.name!r} has no texture; leave 'texture' out to have the series as decoded.",
            "texture",
        )
    for name in ("labels", "seed"):
        if not request.texture and getattr(request, name) is not None:
            raise InvalidRequest(f"{name!r} came without a texture, which alone needs it; send 'texture': true.", name)


async def _decode(served: Served, request: Request, seed: int | None) -> np.ndarray:
    if seed is None:
        (series,) = await served.decode(request.latent)
    else:
        classes = find_classes(request.labels, len(request.latent), served.bundle.manifest, "latent")
        series = await decode_textured(served, request.latent, classes, seed)
    return require_finite_answer(series, "series", "latent")


async def judge_codes(
    served: Served, latent: np.ndarray, extras: list[Literal["log_density", "typicality"]]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the log density `[n]` and the typicality `[n]` of codes, each where it is asked for.

    Raises `Unsupported` where the bundle cannot judge that.
    """
    if "typicality" in extras:
        served.bundle.require("typicality")
    (log_density,) = await served.compute_log_density(latent)
    require_finite_answer(log_density, "log density", "latent")
    return (
        log_density if "log_density" in extras else None,
        served.bundle.rank_log_density(log_density) if "typicality" in extras else None,
    )

"""What operations share: field types of requests and answers, and refusals in full sentences."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema

from bundle.errors import InvalidRequest, TooLarge
from bundle.generation.recipe import MAX_SEED
from bundle.grid import OnGrid
from bundle.showing import show
from service.answers import Axes, build_array_schema
from service.canonical import Array, is_finite, make_canonical
from service.named_arrays import Series as Series  # for operations, beside the other types of their fields
from service.pace import run_unhurried
from service.served import Served
from service.serving import Serving
from service.strategy import make_whole
from service.uneven import Uneven, parse_times, place_series

NOT_THIS_ONE = {"missing", "extra_forbidden", "literal_error", "model_type"}
"""Kinds of refusal by which a member of a union says that something else was meant."""


Times = Annotated[
    list[Any] | None,
    PlainValidator(parse_times),
    WithJsonSchema(
        {
            "description": "when each value was taken, ascending: [n_cases][n_timepoints], any unit; for models whose "
            "length_policy is resample",
            "anyOf": [build_array_schema(2, {"anyOf": [{"type": "number"}, {"type": "null"}]}), {"type": "null"}],
        }
    ),
    Axes("FP64", ("n_cases", "n_timepoints"), needs="series.takes_times"),
]

Seed = Annotated[
    int,
    BeforeValidator(make_whole),
    Field(ge=0, le=MAX_SEED, description="equal seeds give equal series; drawn when absent"),
]
Expansion = Annotated[float, Field(gt=0, le=100, description="factor on the covariance; default: the model's")]
Model = Annotated[str, Field(description="name or name/version; may be left out when one model is served")]


class Everything:
    """Contains every name: an answer with all its fields."""

    def __contains__(self, name: object) -> bool:
        return True


Wanted = Container[str]
"""The fields of an answer that will be read; what only the others need is not computed."""

ALL = Everything()


class StrictRequest(BaseModel):
    """Unknown fields are refused and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True)

    model: Model | None = None


def explain_invalid(error: ValidationError, request: type[BaseModel], operation: str, fields: object) -> InvalidRequest:
    """Explain in a sentence the first fault of the decoded body `fields`."""
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InvalidRequest):
        return cause
    known = ", ".join(field.alias or name for name, field in request.model_fields.items())
    if not isinstance(fields, dict):
        return InvalidRequest(f"the body is not a JSON object; /{operation} takes an object of: {known}.")
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        return InvalidRequest(f"{show(name)} is not a field of /{operation}; it takes: {known}.", name)
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return InvalidRequest(f"{name!r} is missing; /{operation} takes: {known}.", name)
    return InvalidRequest(_explain_value(error, request, name, fields), name)


def _explain_value(error: ValidationError, request: type[BaseModel], name: str, fields: dict[str, object]) -> str:
    """Explain what is wrong with a value; for a union of types, by the member that comes nearest."""
    problems = [problem for problem in error.errors(include_url=False) if problem["loc"][0] == name]
    inner = [problem for problem in problems if problem["type"] not in NOT_THIS_ONE]
    best = (inner or problems)[0]
    if len(problems) > 1 and not inner:
        described = {field.alias or key: field.description for key, field in request.model_fields.items()}
        return f"{name} is {show(fields[name])}; send {described.get(name) or 'what /docs says'}."
    place = _find_place(best["loc"], fields)
    same = [problem["msg"] for problem in inner or problems if _find_place(problem["loc"], fields) == place]
    expected = " or ".join(dict.fromkeys(message[:1].lower() + message[1:] for message in same))
    return f"{place} is {show(best['input'])}: {expected}."


def _find_place(location: tuple[int | str, ...], fields: object) -> str:
    """Return the place of a problem in `fields`; parts of `location` that name a member of a union are skipped."""
    parts: list[str] = []
    inside: Any = fields
    for part in location:
        try:
            inside = inside[part]
        except (KeyError, IndexError, TypeError):
            continue
        parts.append(str(part))
    return ".".join(parts)


def check_rows(n_rows: int, max_rows: int, what: str, field: str) -> None:
    """Raise `TooLarge` when a request carries or asks for more series than one may."""
    if n_rows > max_rows:
        raise TooLarge(
            f"{what} comes to {n_rows} series; one request may have {max_rows}. Send several requests, or "
            "raise SERIESMITH_MAX_ROWS (SERIESMITH_MAX_STREAM_ROWS for generation that is streamed).",
            field,
        )


async def receive_series(
    model: str | None, series: Array | Uneven, serving: Serving, times: list[Any] | None = None
) -> tuple[Served, Array, OnGrid | None]:
    """Return the model that a request names, and the series in the shape of that model's graphs.

    The third: how the series lie on the model's grid; None where they are the grid's already, and no other could be.
    Raises a `SeriesmithError`.
    """
    served = serving.resolve(model)
    check_rows(len(series), serving.settings.max_rows, "series", "series")
    manifest = served.bundle.manifest
    if manifest.series.is_fixed and times is None and isinstance(series, np.ndarray):
        canonical = make_canonical(series, manifest)
        serving.drift.see(served.bundle, canonical)
        return served, canonical, None
    placed = await run_unhurried(series.nbytes, lambda: place_series(series, times, manifest))
    serving.drift.see(served.bundle, placed.series)
    return served, placed.series, placed


def require_finite_answer(array: np.ndarray, name: str, field: str = "series", n_each: int = 1) -> np.ndarray:
    """Return `array`, of which `n_each` rows were made of each case of `field`.

    Raises `InvalidRequest` where it is not finite, which only extreme input causes.
    """
    if is_finite(array):
        return array
    case = int(np.argwhere(~np.isfinite(array))[0][0]) // n_each
    raise InvalidRequest(
        f"{field}[{case}] lies so far outside the model's training range that its {name} is not a finite number; "
        "check its units and scale.",
        field,
    )

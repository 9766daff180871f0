"""What operations share: field types of requests and answers, and refusals in full sentences."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, ValidationError, WithJsonSchema

from models.errors import InvalidRequest, TooLarge
from models.generation import MAX_SEED
from service.canonical import numbers
from service.settings import Settings

Label = str | int


def _series_schema(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "number"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


SERIES = _series_schema(3) | {"description": "[n_cases][n_channels][n_timepoints], or [n_cases][n_timepoints]"}
Series = Annotated[InstanceOf[np.ndarray], BeforeValidator(numbers), WithJsonSchema(SERIES)]
Cube = Annotated[InstanceOf[np.ndarray], WithJsonSchema(_series_schema(3))]
Matrix = Annotated[InstanceOf[np.ndarray], WithJsonSchema(_series_schema(2))]
Vector = Annotated[InstanceOf[np.ndarray], WithJsonSchema(_series_schema(1))]
Flags = Annotated[InstanceOf[np.ndarray], WithJsonSchema({"type": "array", "items": {"type": "boolean"}})]

Count = Annotated[int, Field(ge=0, le=2**31)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED, description="equal seeds give equal series; drawn when absent")]
Expansion = Annotated[float, Field(gt=0, le=100, description="factor on the covariance; default: the model's")]
Model = Annotated[str, Field(description="name or name/version; may be left out when one model is served")]


class StrictRequest(BaseModel):
    """Unknown fields are refused and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True)

    model: Model | None = None


def refusal(error: ValidationError, request: type[BaseModel], operation: str) -> InvalidRequest:
    """The first thing that is wrong, as a sentence."""
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InvalidRequest):
        return cause
    place = ".".join(str(part) for part in first["loc"] if not _is_type_tag(part))
    known = ", ".join(field.alias or name for name, field in request.model_fields.items())
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"{place!r} is not a field of /{operation}; it takes: {known}.", place)
    if first["type"] == "missing":
        return InvalidRequest(f"{place!r} is missing; /{operation} takes: {known}.", place)
    if not place:
        return InvalidRequest(f"the body is not a JSON object; /{operation} takes an object of: {known}.")
    came = repr(first["input"])
    shown = came if len(came) <= 60 else came[:60] + " …"
    return InvalidRequest(f"{place} is {shown}: {first['msg'][:1].lower()}{first['msg'][1:]}.", place.split(".")[0])


def _is_type_tag(part: str | int) -> bool:
    return isinstance(part, str) and (part in ("str", "int", "float", "function-before") or "[" in part or "(" in part)


def check_rows(n_rows: int, settings: Settings, what: str, field: str) -> None:
    """Raise `TooLarge` when a request carries or asks for more series than one may."""
    if n_rows > settings.max_rows:
        raise TooLarge(
            f"{what} comes to {n_rows} series; one request may have {settings.max_rows}. Send several requests, or "
            "raise SERIESMITH_MAX_ROWS.",
            field,
        )


def finite_answer(array: np.ndarray, name: str) -> np.ndarray:
    """`array`, when JSON can hold it. Raises `InvalidRequest`: only extreme input gets here."""
    if np.isfinite(array).all():
        return array
    case = int(np.argwhere(~np.isfinite(array))[0][0])
    raise InvalidRequest(
        f"series[{case}] lies so far outside the model's training range that its {name} is not a finite number; "
        "check its units and scale.",
        "series",
    )

"""Arrays that requests carry beside `series`, or in its place: read as series are, refused by their own names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import PlainValidator, WithJsonSchema

from bundle.errors import InvalidRequest, SeriesmithError, TooLarge
from bundle.manifest import MOST_LATENT, Manifest
from bundle.showing import show
from service.answers import FLOAT32, NULL, Axes, build_array_schema
from service.canonical import FIELD, Array, parse_numbers
from service.strategy import make_whole
from service.uneven import Uneven

Refusal = TypeVar("Refusal", bound=SeriesmithError)


def rename_refusal(refusal: Refusal, field: str) -> Refusal:
    """Return a refusal of `series` as one of `field`; one of another field stays as it is."""
    if refusal.field != FIELD:
        return refusal
    return type(refusal)(refusal.message.replace(FIELD, field, 1), field)


def parse_series_as(field: str) -> Callable[[object], Array | Uneven]:
    """Make a parser of series that come under the name `field`."""

    def parse(value: object) -> Array | Uneven:
        try:
            found = parse_numbers(value)
        except (InvalidRequest, TooLarge) as refusal:
            raise rename_refusal(refusal, field) from refusal
        return replace(found, refusal=rename_refusal(found.refusal, field)) if isinstance(found, Uneven) else found

    return parse


def parse_codes_as(field: str) -> Callable[[object], Array]:
    """Make a parser of latent codes, `[n_cases, latent_dim]`, that come under the name `field`."""
    parse_series = parse_series_as(field)

    def parse(value: object) -> Array:
        found = parse_series(value)
        if isinstance(found, Uneven):
            raise found.refusal
        if found.ndim != 2:
            raise InvalidRequest(f"{field} has {found.ndim} axes; send [n_cases][latent_dim].", field)
        return found

    return parse


def require_width(codes: Array, manifest: Manifest, field: str) -> None:
    """Raise `InvalidRequest` where codes `[n_cases, …]` are no codes of a model."""
    latent_dim = 0 if manifest.latent is None else manifest.latent.latent_dim
    if codes.shape[1] != latent_dim:
        raise InvalidRequest(
            f"{field} has codes of {codes.shape[1]} numbers; model {manifest.name!r} has codes of {latent_dim}. Send "
            "[n_cases][latent_dim], such as the posterior_mean that /encode answers.",
            field,
        )


def parse_axes(value: object) -> NDArray[np.int64] | None:
    """Convert the numbers of latent axes to an array. Raises `InvalidRequest`."""
    if value is None:
        return None
    listed = value.tolist() if isinstance(value, np.ndarray) else value
    numbers = [make_whole(number) for number in listed] if isinstance(listed, list) else []
    if not numbers or not all(type(number) is int and 0 <= number < MOST_LATENT for number in numbers):
        raise InvalidRequest(f"axes is {show(value)}; send a list of the latent axes to move along, from 0 on.", "axes")
    if len(set(numbers)) < len(numbers):
        raise InvalidRequest(f"axes is {show(numbers)}, which names an axis twice; name each once.", "axes")
    return np.array(numbers, np.int64)


def allow_none(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    """Make a parser that lets None through."""
    return lambda value: None if value is None else parse(value)


SERIES_SCHEMA: dict[str, Any] = {
    "description": "[n_cases][n_channels][n_timepoints], or [n_cases][n_timepoints] of one channel. null is a missing "
    "value, and lengths may differ, where the model's gap_policy and length_policy say so (GET /models)",
    "anyOf": [build_array_schema(depth, {"anyOf": [FLOAT32, NULL]}, minItems=1) for depth in (3, 2)],
}
CODES_SCHEMA: dict[str, Any] = {
    "description": "latent codes: [n_cases][latent_dim]",
    "anyOf": [build_array_schema(2, FLOAT32, minItems=1)],
}


def build_end_schema(schema: dict[str, Any], words: str) -> WithJsonSchema:
    """Return the JSON schema of arrays that may be null, with what they are for before what they are."""
    described = f"{words}. {schema['description']}" if words else schema["description"]
    return WithJsonSchema({"description": described, "anyOf": [*schema["anyOf"], NULL]})


SERIES_AXES = Axes("FP32", ("n_cases", "n_channels", "n_timepoints"))
CODES_AXES = Axes("FP32", ("n_cases", "latent_dim"))

Series = Annotated[Array | Uneven, PlainValidator(parse_numbers), WithJsonSchema(SERIES_SCHEMA), SERIES_AXES]
Latent = Annotated[Array, PlainValidator(parse_codes_as("latent")), WithJsonSchema(CODES_SCHEMA), CODES_AXES]

AnySeries = Annotated[
    Array | Uneven | None, PlainValidator(allow_none(parse_numbers)), build_end_schema(SERIES_SCHEMA, ""), SERIES_AXES
]
StartSeries = Annotated[
    Array | Uneven | None,
    PlainValidator(allow_none(parse_series_as("start_series"))),
    build_end_schema(SERIES_SCHEMA, "where each way begins"),
    SERIES_AXES,
]
EndSeries = Annotated[
    Array | Uneven | None,
    PlainValidator(allow_none(parse_series_as("end_series"))),
    build_end_schema(SERIES_SCHEMA, "where each way ends"),
    SERIES_AXES,
]
AnyLatent = Annotated[
    Array | None, PlainValidator(allow_none(parse_codes_as("latent"))), build_end_schema(CODES_SCHEMA, ""), CODES_AXES
]
StartLatent = Annotated[
    Array | None,
    PlainValidator(allow_none(parse_codes_as("start_latent"))),
    build_end_schema(CODES_SCHEMA, "where each way begins"),
    CODES_AXES,
]
EndLatent = Annotated[
    Array | None,
    PlainValidator(allow_none(parse_codes_as("end_latent"))),
    build_end_schema(CODES_SCHEMA, "where each way ends"),
    CODES_AXES,
]
LatentAxes = Annotated[
    NDArray[np.int64] | None,
    PlainValidator(parse_axes),
    WithJsonSchema(
        {
            "description": "the latent axes to move along, from 0 on; every one where it is left out",
            "anyOf": [build_array_schema(1, {"type": "integer", "minimum": 0}, minItems=1, uniqueItems=True), NULL],
        }
    ),
    Axes("INT64", ("n_axes",)),
]

"""Arrays that requests carry beside `series`, or in its place: read as series are, refused by their own names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, WithJsonSchema

from bundle.errors import InvalidRequest, SeriesmithError, TooLarge
from bundle.manifest import Manifest
from service.answers import FLOAT32, Axes, build_array_schema
from service.canonical import FIELD, Array, parse_numbers
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


def describe_codes(words: str) -> dict[str, Any]:
    """Build the JSON schema of latent codes."""
    return build_array_schema(2, FLOAT32, minItems=1) | {"description": f"{words}: [n_cases][latent_dim]"}


CODES_AXES = Axes("FP32", ("n_cases", "latent_dim"))

Latent = Annotated[
    Array, PlainValidator(parse_codes_as("latent")), WithJsonSchema(describe_codes("latent codes")), CODES_AXES
]

"""Derives the error responses of a path from the tree of errors: one per status, with its headers."""

from __future__ import annotations

import functools
from typing import Any

from bundle.errors import (
    BundleError,
    DeadlineExceeded,
    Forbidden,
    HeadTooLarge,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    NotImplementedHere,
    Overloaded,
    RequestTimeout,
    SeriesmithError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
    UnsupportedMediaType,
)
from service.openapi.schemas import TEXT, Schema, build_object, refer_to

Refusal = type[SeriesmithError]

ANYWHERE: tuple[Refusal, ...] = (
    InvalidRequest,
    MethodNotAllowed,
    RequestTimeout,
    TooLarge,
    Overloaded,
    HeadTooLarge,
    SeriesmithError,
    NotImplementedHere,
    Unavailable,
)
KEYED: tuple[Refusal, ...] = (Unauthenticated, Forbidden)
NAMED: tuple[Refusal, ...] = (NotFound,)
"""Where the request names a model."""
RUN: tuple[Refusal, ...] = (NotFound, UnsupportedMediaType, Unsupported, DeadlineExceeded)
"""Where a model is run."""

DESCRIPTIONS = {SeriesmithError: "The server failed; its log says why."}
SECONDS = {"type": "integer", "minimum": 0}
HEADERS: dict[Refusal, dict[str, tuple[str, Schema]]] = {
    Unauthenticated: {"WWW-Authenticate": ("how to come in: Bearer", TEXT)},
    MethodNotAllowed: {"Allow": ("the methods that the path answers", TEXT)},
    Overloaded: {"Retry-After": ("seconds to wait before trying again", SECONDS)},
    Unavailable: {"Retry-After": ("seconds to wait before trying again", SECONDS)},
}
PLAIN = "Error"
INFERENCE = "InferenceError"
"""Under /v2 errors have the shape that its protocol gives them."""
INFERENCE_ERROR = build_object(
    {"error": TEXT | {"description": "what came, what was expected and what to do"}}, title=INFERENCE
)


def list_refusals(*kinds: Refusal, shape: str = PLAIN) -> dict[str, Any]:
    """Return references to the responses of these errors, by HTTP status."""
    named = {str(kind.http_status): {"$ref": f"#/components/responses/{_name_response(kind, shape)}"} for kind in kinds}
    return {status: named[status] for status in sorted(named)}


@functools.cache
def build_responses() -> dict[str, Any]:
    """Build the responses of every error in both shapes, by component name."""
    kinds: list[Refusal] = [SeriesmithError, *SeriesmithError.__subclasses__()]
    kinds.remove(BundleError)
    return {_name_response(kind, shape): _build_response(kind, shape) for shape in (PLAIN, INFERENCE) for kind in kinds}


def _name_response(kind: Refusal, shape: str) -> str:
    return ("Inference" if shape == INFERENCE else "") + ("Failed" if kind is SeriesmithError else kind.__name__)


def _build_response(kind: Refusal, shape: str) -> dict[str, Any]:
    described = DESCRIPTIONS.get(kind) or (kind.__doc__ or "").strip()
    headers = {
        name: {"description": meaning, "schema": schema} for name, (meaning, schema) in HEADERS.get(kind, {}).items()
    }
    response = {"description": described, "content": {"application/json": {"schema": refer_to(shape)}}}
    return response | ({"headers": headers} if headers else {})

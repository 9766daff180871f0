"""`/docs` and `/docs.json`: the OpenAPI document, made from the table of operations."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import orjson
from pydantic import TypeAdapter

from models.evidence import Metrics
from models.manifest import ClassCard, SeriesShape
from service.http.exchange import JSON
from service.inference import docs as inference
from service.operations import OPERATIONS, Operation
from service.wires import WIRES

REFERENCE = "#/components/schemas/{model}"
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {name: {"type": "string"} for name in ("code", "message", "field")},
        }
    },
}
ERRORS = {
    "400": "the request is wrong; the message says what came, what was expected and what to do",
    "404": "no such model or version",
    "413": "too many series or bytes",
    "422": "the model cannot do this",
    "429": "overloaded; try again in a moment",
    "504": "not answered in time",
}


@functools.cache
def docs_page() -> bytes:
    """The page that shows the document; its script is BentoML's bundled Swagger UI, nothing comes from elsewhere."""
    return resources.files("service.http").joinpath("docs.html").read_bytes()


@functools.cache
def openapi() -> bytes:
    """The OpenAPI 3.1 document."""
    schemas: dict[str, Any] = {"Error": ERROR_SCHEMA}
    schemas["Card"] = _card_schema(schemas)
    paths = {f"/{operation.name}": {"post": _operation(operation, schemas)} for operation in OPERATIONS.values()}
    listing = {"type": "object", "properties": {"models": {"type": "array", "items": _ref("Card")}}}
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/models"] = _get("models", "Cards of the models served.", _responses(listing))
    paths["/models/{name}"] = _get("models", "One model's card.", _responses(_ref("Card")), parameters=[name])
    paths |= {
        "/readyz": _plain("200 when a model is loaded, verified and warm."),
        "/livez": _plain("200 while the process lives."),
        "/metrics": _plain("Prometheus metrics of all workers."),
    }
    paths |= inference.paths()
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Seriesmith",
            "version": "1",
            "description": "Synthetic series, latent codes, reconstructions with anomaly scores and class "
            "probabilities from models learned on labelled time-series datasets, in original units.",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return orjson.dumps(document)


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    request, answer = f"{operation.name.title()}Request", f"{operation.name.title()}Answer"
    _add(schemas, request, operation.request.model_json_schema(ref_template=REFERENCE))
    _add(schemas, answer, TypeAdapter(operation.answer).json_schema(ref_template=REFERENCE))
    return {
        "tags": ["operations"],
        "summary": operation.summary,
        "description": operation.description,
        "operationId": operation.name,
        "requestBody": {"required": True, "content": _content(_ref(request), whole=True)},
        "responses": _responses(_ref(answer), _content(_ref(answer), whole=operation.stream is None)),
    }


def _content(schema: dict[str, Any], whole: bool) -> dict[str, Any]:
    """A body under each media type that it may have: JSON by its schema, the others in words."""
    content = {}
    for media_type, wire in WIRES.items():
        if media_type == JSON:
            content[media_type.decode()] = {"schema": schema}
        elif wire.decoded is not None or not whole:
            described = {"type": "string", "format": "binary", "description": (wire.description or "").strip()}
            content[media_type.decode()] = {"schema": described}
    return content


def _add(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema


def _card_schema(schemas: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, dict[str, Any]] = {
        "name": {"type": "string"},
        "version": {"type": "integer"},
        "versions": {"type": "array", "items": {"type": "integer"}},
        "provider": {"type": "string"},
        "dataset": {"type": "string"},
        "labelled": {"type": "boolean"},
        "latent_dim": {"type": "integer"},
        "expansion": {"type": "number"},
        "texture_steps": {"type": ["integer", "null"]},
        "policy": {"type": "string"},
        "advice": _ref("AugmentAdvice"),
    }
    for model in (ClassCard, SeriesShape, Metrics):
        _add(schemas, model.__name__, model.model_json_schema(ref_template=REFERENCE))
    nested = {
        "classes": {"type": "array", "items": _ref("ClassCard")},
        "series": _ref("SeriesShape"),
        "metrics": _ref("Metrics"),
    }
    return {"type": "object", "properties": plain | nested}


def _responses(schema: dict[str, Any], content: dict[str, Any] | None = None) -> dict[str, Any]:
    good = {"description": "answer", "content": content or {"application/json": {"schema": schema}}}
    bad = {"application/json": {"schema": _ref("Error")}}
    return {"200": good} | {status: {"description": text, "content": bad} for status, text in ERRORS.items()}


def _plain(summary: str) -> dict[str, Any]:
    text = {"description": "text", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return _get("process", summary, {"200": text})


def _get(tag: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"get": {"tags": [tag], "summary": summary, "responses": responses, **more}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(model=name)}

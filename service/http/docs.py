"""`/docs` and `/docs.json`: the OpenAPI document, made from the table of operations."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import orjson

from models.repository import Repository
from service import VERSION
from service.http.exchange import JSON
from service.inference import docs as inference
from service.openapi.examples import Example, example_of
from service.openapi.refusals import ANYWHERE, KEYED, NAMED, RUN, refusals, responses
from service.openapi.schemas import TEXT, answer_name, components, ref, request_name
from service.operations import OPERATIONS, Operation
from service.wires import WIRES
from service.wires.octets import ARRAYS, SHAPE
from service.wires.wire import Wire

DESCRIPTION = """Synthetic series, latent codes, reconstructions with anomaly scores and class probabilities from models
learned on labelled time-series datasets, in original units.

Numbers may be written with or without a point: 2.0 is an integer too. Where null is allowed, it means left out."""
TAGS = {
    "operations": "What models do, over JSON and binary media types.",
    "models": "Which models are served, and what is known of them.",
    "process": "For balancers and monitoring.",
    inference.TAG: "Every operation of every bundle is a model named `<bundle>.<operation>`.",
}
BEARER = {"type": "http", "scheme": "bearer", "description": "An API key, where the server was given any."}
OPEN: dict[str, Any] = {"security": []}
SHAPE_HEADER = {
    "name": SHAPE.decode(),
    "in": "header",
    "required": False,
    "schema": TEXT,
    "description": "Shape of the float32 values that an application/octet-stream body starts with: n_cases,n_channels,"
    "n_timepoints or n_cases,n_timepoints, as in 10,1,150. Other bodies do without.",
}
ARRAYS_HEADER = {
    "schema": TEXT,
    "description": "Of an application/octet-stream answer: name, numpy dtype and shape of each array, as JSON.",
}


@functools.cache
def docs_page() -> bytes:
    """Return the page that shows the document. Its script is BentoML's bundled Swagger UI, so it loads offline."""
    return resources.files("service.http").joinpath("docs.html").read_bytes()


def openapi(repository: Repository | None, keyed: bool = False) -> bytes:
    """Build the OpenAPI 3.1 document; with examples for what is served where a repository is given.

    `keyed`: whether requests need an API key.
    """
    return _document(None if repository is None else example_of(repository), keyed)


@functools.lru_cache(maxsize=8)
def _document(example: Example | None, keyed: bool) -> bytes:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Seriesmith", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": ".", "description": "where this document lies"}],
        "security": [{"bearer": []}] if keyed else [{}, {"bearer": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {
            **{f"/{operation.name}": {"post": _operation(operation, example)} for operation in OPERATIONS.values()},
            **_models(example),
            **_process(),
            **inference.paths(example),
        },
        "components": {
            "schemas": components() | _wires() | inference.COMPONENTS,
            "responses": responses(),
            "securitySchemes": {"bearer": BEARER},
        },
    }
    return orjson.dumps(document)


def _operation(operation: Operation, example: Example | None) -> dict[str, Any]:
    asked = _content(ref(request_name(operation)), whole=True)
    if example is not None and (body := example.request(operation.name)) is not None:
        asked[JSON.decode()]["example"] = body
    answered = _content(ref(answer_name(operation)), whole=operation.stream is None)
    return {
        "tags": ["operations"],
        "summary": operation.summary,
        "description": operation.description,
        "operationId": operation.name,
        "parameters": [SHAPE_HEADER],
        "requestBody": {"required": True, "content": asked},
        "responses": {
            "200": {"description": "The answer.", "headers": {ARRAYS.decode(): ARRAYS_HEADER}, "content": answered},
            **refusals(*ANYWHERE, *KEYED, *RUN),
        },
    }


def _content(schema: dict[str, Any], whole: bool) -> dict[str, Any]:
    """Describe a body under each media type that it may have: JSON by its schema, the others in words."""
    content = {}
    for media_type, wire in WIRES.items():
        if media_type == JSON:
            content[media_type.decode()] = {"schema": schema}
        elif wire.decoded is not None or not whole:
            content[media_type.decode()] = {"schema": ref(_wire_name(wire))}
    return content


def _wire_name(wire: Wire) -> str:
    """Name the component that describes a wire other than JSON."""
    words = re.split(r"\W", wire.media_type.decode().partition("/")[2])
    return "".join(word.title() for word in words if word not in ("x", "vnd"))


def _wires() -> dict[str, Any]:
    """Describe in words the wires whose bodies no schema describes."""
    return {
        name: {"title": name, "type": "string", "format": "binary", "description": wire.description.strip()}
        for wire in WIRES.values()
        if wire.description
        for name in [_wire_name(wire)]
    }


def _models(example: Example | None) -> dict[str, Any]:
    name = {"name": "name", "in": "path", "required": True, "schema": TEXT, "description": "a model's name"}
    if example is not None:
        name["example"] = example.model
    return {
        "/models": _get("models", "list_models", "Cards of the models served.", _json("Listing"), *KEYED),
        "/models/{name}": _get(
            "models", "get_model", "One model's card.", _json("Card"), *KEYED, *NAMED, parameters=[name]
        ),
    }


def _process() -> dict[str, Any]:
    text = {"description": "Text.", "content": {"text/plain": {"schema": TEXT}}}
    unready = {"503": {**text, "description": "No model is served, or the server is stopping."}}
    ready = _get("process", "ready", "200 when a model is loaded, verified and warm.", text, **OPEN)
    ready["get"]["responses"] |= unready
    return {
        "/readyz": ready,
        "/livez": _get("process", "live", "200 while the process lives.", text, **OPEN),
        "/metrics": _get("process", "metrics", "Prometheus metrics of all workers.", text, **OPEN),
    }


def _json(name: str) -> dict[str, Any]:
    return {"description": "The answer.", "content": {"application/json": {"schema": ref(name)}}}


def _get(tag: str, name: str, summary: str, good: dict[str, Any], *kinds: Any, **more: Any) -> dict[str, Any]:
    answers = {"200": good, **refusals(*ANYWHERE, *kinds)}
    return {"get": {"tags": [tag], "operationId": name, "summary": summary, "responses": answers, **more}}

"""`/docs` and `/docs.json`: the OpenAPI document, made from the table of operations."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import orjson

from bundle import VERSION
from bundle.repository import Repository
from service.http.exchange import JSON
from service.inference import docs as inference
from service.openapi.described import Described
from service.openapi.examples import Example, choose_example
from service.openapi.mounted import build_mounted_components, build_mounted_paths
from service.openapi.refusals import ANYWHERE, KEYED, NAMED, RUN, build_responses, list_refusals
from service.openapi.schemas import TEXT, build_components, name_answer, name_request, refer_to
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
def read_docs_page() -> bytes:
    """Return the page that shows the document. Its script is BentoML's bundled Swagger UI, so it loads offline."""
    return resources.files("service.http").joinpath("docs.html").read_bytes()


def build_openapi(repository: Repository | None, keyed: bool = False, mounted: tuple[Described, ...] = ()) -> bytes:
    """Build the OpenAPI 3.1 document; with examples for what is served where a repository is given.

    `keyed`: whether requests need an API key; `mounted`: what rows of other packages say of themselves.
    """
    return _build_document(None if repository is None else choose_example(repository), keyed, mounted)


@functools.lru_cache(maxsize=8)
def _build_document(example: Example | None, keyed: bool, mounted: tuple[Described, ...]) -> bytes:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Seriesmith", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": ".", "description": "where this document lies"}],
        "security": [{"bearer": []}] if keyed else [{}, {"bearer": []}],
        "tags": [
            *({"name": name, "description": text} for name, text in TAGS.items()),
            *({"name": tag} for tag in dict.fromkeys(row.tag for row in mounted)),
        ],
        "paths": {
            **{
                f"/{operation.name}": {"post": _describe_operation(operation, example)}
                for operation in OPERATIONS.values()
            },
            **_describe_models(example),
            **_describe_process(),
            **inference.build_paths(example),
            **build_mounted_paths(mounted),
        },
        "components": {
            "schemas": _build_schemas(mounted),
            "responses": build_responses(),
            "securitySchemes": {"bearer": BEARER},
        },
    }
    return orjson.dumps(document)


def _build_schemas(mounted: tuple[Described, ...]) -> dict[str, Any]:
    """Build all schemas by name. Raises `ValueError` where a package that is mounted takes a name of ours."""
    own = build_components() | _describe_wires() | inference.COMPONENTS
    others = build_mounted_components(mounted)
    if taken := sorted(name for name, schema in others.items() if own.get(name, schema) != schema):
        raise ValueError(f"the schema {taken[0]} of a path that is mounted has the name of another; rename it.")
    return others | own


def _describe_operation(operation: Operation, example: Example | None) -> dict[str, Any]:
    asked = _describe_content(refer_to(name_request(operation)), whole=True)
    if example is not None and (body := example.build_request(operation)) is not None:
        asked[JSON.decode()]["example"] = body
    answered = _describe_content(refer_to(name_answer(operation)), whole=operation.stream is None)
    return {
        "tags": ["operations"],
        "summary": operation.summary,
        "description": operation.description,
        "operationId": operation.name,
        "parameters": [SHAPE_HEADER],
        "requestBody": {"required": True, "content": asked},
        "responses": {
            "200": {"description": "The answer.", "headers": {ARRAYS.decode(): ARRAYS_HEADER}, "content": answered},
            **list_refusals(*ANYWHERE, *KEYED, *RUN),
        },
    }


def _describe_content(schema: dict[str, Any], whole: bool) -> dict[str, Any]:
    """Describe a body under each media type that it may have: JSON by its schema, the others in words."""
    content = {}
    for media_type, wire in WIRES.items():
        if media_type == JSON:
            content[media_type.decode()] = {"schema": schema}
        elif wire.decoded is not None or not whole:
            content[media_type.decode()] = {"schema": refer_to(_name_wire(wire))}
    return content


def _name_wire(wire: Wire) -> str:
    """Name the component that describes a wire other than JSON."""
    words = re.split(r"\W", wire.media_type.decode().partition("/")[2])
    return "".join(word.title() for word in words if word not in ("x", "vnd"))


def _describe_wires() -> dict[str, Any]:
    """Describe in words the wires whose bodies no schema describes."""
    return {
        name: {"title": name, "type": "string", "format": "binary", "description": wire.description.strip()}
        for wire in WIRES.values()
        if wire.description
        for name in [_name_wire(wire)]
    }


def _describe_models(example: Example | None) -> dict[str, Any]:
    name = {"name": "name", "in": "path", "required": True, "schema": TEXT, "description": "a model's name"}
    if example is not None:
        name["example"] = example.model
    return {
        "/models": _describe_get(
            "models", "list_models", "Cards of the models served.", _describe_json("Listing"), *KEYED
        ),
        "/models/{name}": _describe_get(
            "models", "get_model", "One model's card.", _describe_json("Card"), *KEYED, *NAMED, parameters=[name]
        ),
    }


def _describe_process() -> dict[str, Any]:
    text = {"description": "Text.", "content": {"text/plain": {"schema": TEXT}}}
    unready = {"503": {**text, "description": "No model is served, or the server is stopping."}}
    ready = _describe_get("process", "ready", "200 when a model is loaded, verified and warm.", text, **OPEN)
    ready["get"]["responses"] |= unready
    return {
        "/readyz": ready,
        "/livez": _describe_get("process", "live", "200 while the process lives.", text, **OPEN),
        "/metrics": _describe_get("process", "metrics", "Prometheus metrics of all workers.", text, *KEYED),
    }


def _describe_json(name: str) -> dict[str, Any]:
    return {"description": "The answer.", "content": {"application/json": {"schema": refer_to(name)}}}


def _describe_get(tag: str, name: str, summary: str, good: dict[str, Any], *kinds: Any, **more: Any) -> dict[str, Any]:
    answers = {"200": good, **list_refusals(*ANYWHERE, *kinds)}
    return {"get": {"tags": [tag], "operationId": name, "summary": summary, "responses": answers, **more}}

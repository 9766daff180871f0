"""The paths under /v2 as the OpenAPI document tells of them."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
SHAPE = {"type": "array", "items": {"type": "integer"}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TENSOR = _object(
    ["name", "datatype", "shape"], name=TEXT, datatype=TEXT, shape=SHAPE, parameters=PARAMETERS, data=_list({})
)
REQUEST = _object(
    ["inputs"],
    id=TEXT,
    parameters=PARAMETERS,
    inputs=_list(TENSOR),
    outputs=_list(_object(["name"], name=TEXT, parameters=PARAMETERS)),
)
RESPONSE = _object(
    ["model_name", "model_version", "outputs"],
    model_name=TEXT,
    model_version=TEXT,
    id=TEXT,
    outputs=_list(TENSOR),
)
DESCRIBED = _object(["name", "datatype", "shape"], name=TEXT, datatype=TEXT, shape=SHAPE)
METADATA = _object(
    ["name", "versions", "platform", "inputs", "outputs"],
    name=TEXT,
    versions=_list(TEXT),
    platform=TEXT,
    inputs=_list(DESCRIBED),
    outputs=_list(DESCRIBED),
)
INDEX = _list(_object(["name", "version", "state", "reason"], name=TEXT, version=TEXT, state=TEXT, reason=TEXT))
SERVER = _object(["name", "version", "extensions"], name=TEXT, version=TEXT, extensions=_list(TEXT))

MODEL = {"name": "model", "in": "path", "required": True, "schema": TEXT, "description": "<bundle>.<operation>"}


def paths() -> dict[str, Any]:
    """By path; `/versions/{version}` may follow a model."""
    asked = {"required": True, "content": {"application/json": {"schema": REQUEST}}}
    control = {"parameters": [MODEL]}
    return {
        "/v2": {"get": _answered("The server's name, version and extensions.", SERVER)},
        "/v2/health/ready": {
            "get": _answered("200 when a model is served.", _object(["ready"], ready={"type": "boolean"}))
        },
        "/v2/health/live": {
            "get": _answered("200 while the process lives.", _object(["live"], live={"type": "boolean"}))
        },
        "/v2/models/{model}": {
            "get": _answered("A model's versions, inputs and outputs.", METADATA, parameters=[MODEL])
        },
        "/v2/models/{model}/infer": {
            "post": _answered("Runs a model.", RESPONSE, parameters=[MODEL], requestBody=asked),
        },
        "/v2/repository/index": {"post": _answered("Every model, and why it is not served where it is not.", INDEX)},
        "/v2/repository/models/{model}/load": {"post": _answered("Loads a model's bundle.", _object([]), **control)},
        "/v2/repository/models/{model}/unload": {
            "post": _answered("Unloads a model's bundle.", _object([]), **control)
        },
    }


def _answered(summary: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    good = {"description": "answer", "content": {"application/json": {"schema": schema}}}
    error = {"application/json": {"schema": _object(["error"], error=TEXT)}}
    bad = {"description": "what was wrong, in a sentence", "content": error}
    return {"tags": ["Open Inference Protocol"], "summary": summary, "responses": {"200": good, "default": bad}, **more}

"""Describes the paths under /v2 for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from service.inference.bodies import HEADER_LENGTH
from service.inference.tensors import DTYPES, MOST_AXES
from service.openapi.examples import Example
from service.openapi.refusals import (
    ANYWHERE,
    INFERENCE,
    INFERENCE_ERROR,
    KEYED,
    NAMED,
    RUN,
    Refusal,
    refusals,
)
from service.openapi.schemas import INTEGER, TEXT, Schema, an_object, or_null, ref

TAG = "Open Inference Protocol"


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


PARAMETERS = {
    "description": "see the protocol; what this server does not know it ignores",
    **or_null({"type": "object"}),
}
DATATYPE = {"type": "string", "enum": [*DTYPES, "BYTES"]}
NAME: dict[str, Schema] = {"name": TEXT, "datatype": DATATYPE}
SIZES = _list(INTEGER | {"minimum": 0}, maxItems=MOST_AXES)
DATA = _list({}, description="in row-major order, flat or nested; left out where it comes as binary data")

COMPONENTS: dict[str, Schema] = {
    INFERENCE: INFERENCE_ERROR,
    "InferenceTensor": an_object(NAME | {"shape": SIZES}, {"parameters": PARAMETERS, "data": DATA}),
    "InferenceOutputWanted": an_object({"name": TEXT}, {"parameters": PARAMETERS}),
    "InferenceRequest": an_object(
        {"inputs": _list(ref("InferenceTensor"))},
        {"id": or_null(TEXT), "parameters": PARAMETERS, "outputs": or_null(_list(ref("InferenceOutputWanted")))},
    ),
    "InferenceResponse": an_object(
        {"model_name": TEXT, "model_version": TEXT, "outputs": _list(ref("InferenceTensor"))}, {"id": TEXT}
    ),
    "InferenceTensorDescription": an_object(
        NAME | {"shape": _list(INTEGER | {"minimum": -1}, description="-1: whatever comes")}
    ),
    "InferenceModel": an_object(
        {
            "name": TEXT,
            "versions": _list(TEXT),
            "platform": TEXT,
            "inputs": _list(ref("InferenceTensorDescription")),
            "outputs": _list(ref("InferenceTensorDescription")),
        }
    ),
    "InferenceModelReady": an_object({"name": TEXT, "ready": {"type": "boolean"}}),
    "InferenceServer": an_object({"name": TEXT, "version": TEXT, "extensions": _list(TEXT)}),
    "InferenceServerReady": an_object({"live": {"type": "boolean"}, "ready": {"type": "boolean"}}),
    "InferenceServerLive": an_object({"live": {"type": "boolean"}}),
    "RepositoryEntry": an_object(
        {"name": TEXT, "version": TEXT, "state": {"type": "string", "enum": ["READY", "UNAVAILABLE"]}, "reason": TEXT}
    ),
    "RepositoryIndex": _list(ref("RepositoryEntry")),
    "RepositoryIndexRequest": an_object({}, {"ready": {"description": "true: only what is served"}}),
    "RepositoryRequest": an_object({}, {"parameters": PARAMETERS}),
    "InferenceOctets": {
        "type": "string",
        "format": "binary",
        "description": "the JSON object, and behind it tensors as binary data",
    },
    "RepositoryAnswer": an_object({}, description="empty"),
}
for _name, _schema in COMPONENTS.items():
    _schema["title"] = _name

BINARY = ref("InferenceOctets")
LENGTH_NAME = HEADER_LENGTH.decode()
LENGTH = {"schema": INTEGER | {"minimum": 0}, "description": "bytes of JSON before binary data; absent: all are JSON"}


def paths(example: Example | None) -> dict[str, Any]:
    """Build the path items of /v2, with examples of what is served where there are any."""
    model = _in_path("model", "<bundle>.<operation>", f"{example.model}.encode" if example else None)
    version = _in_path("version", "a version of the bundle", str(example.version) if example else None)
    listed: dict[str, Any] = {
        "/v2": {"get": _path("v2_server", "The server's name, version and extensions.", "InferenceServer", *KEYED)},
        "/v2/health/live": {
            "get": _path("v2_live", "200 while the process lives.", "InferenceServerLive", security=[]),
        },
        "/v2/health/ready": {
            "get": _path("v2_ready", "200 when a model is served.", "InferenceServerReady", security=[]),
        },
        "/v2/repository/index": {
            "post": _path(
                "v2_repository_index",
                "Every model, and why it is not served where it is not.",
                "RepositoryIndex",
                *KEYED,
                requestBody=_body("RepositoryIndexRequest", required=False),
            )
        },
        **_control("load", model),
        **_control("unload", model),
    }
    for place, suffix, parameters in (("", "", [model]), ("/versions/{version}", "_version", [model, version])):
        listed |= _model(f"/v2/models/{{model}}{place}", suffix, parameters, example)
    return listed


def _model(path: str, suffix: str, parameters: list[dict[str, Any]], example: Example | None) -> dict[str, Any]:
    """Describe the paths of a model, or of one of its versions."""
    asked = _body("InferenceRequest")
    if example is not None and (body := example.inference()) is not None:
        asked["content"]["application/json"]["example"] = body
    asked["content"]["application/octet-stream"] = {"schema": BINARY}
    about = (*KEYED, *NAMED)
    infer = _path("v2_infer" + suffix, "Runs a model.", "InferenceResponse", *KEYED, *RUN, requestBody=asked)
    infer["parameters"] = [*parameters, {"name": LENGTH_NAME, "in": "header", "required": False, **LENGTH}]
    infer["responses"]["200"]["content"]["application/octet-stream"] = {"schema": BINARY}
    infer["responses"]["200"]["headers"] = {LENGTH_NAME: LENGTH}
    return {
        path: {
            "parameters": parameters,
            "get": _path("v2_model" + suffix, "A model's versions, inputs and outputs.", "InferenceModel", *about),
        },
        f"{path}/ready": {
            "parameters": parameters,
            "get": _path("v2_model_ready" + suffix, "200 when a model is served.", "InferenceModelReady", *about),
        },
        f"{path}/infer": {"post": infer},
    }


def _control(verb: str, model: dict[str, Any]) -> dict[str, Any]:
    summary = f"{verb.title()}s a model's bundle, with all its operations."
    asked = _body("RepositoryRequest", required=False)
    described = _path("v2_" + verb, summary, "RepositoryAnswer", *KEYED, *RUN, requestBody=asked, parameters=[model])
    return {f"/v2/repository/models/{{model}}/{verb}": {"post": described}}


def _in_path(name: str, description: str, example: str | None) -> dict[str, Any]:
    parameter = {"name": name, "in": "path", "required": True, "schema": TEXT, "description": description}
    return parameter | ({"example": example} if example else {})


def _body(name: str, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": ref(name)}}}


def _path(name: str, summary: str, answer: str, *kinds: Refusal, **more: Any) -> dict[str, Any]:
    good = {"description": "The answer.", "content": {"application/json": {"schema": ref(answer)}}}
    answers = {"200": good, **refusals(*ANYWHERE, *kinds, shape=INFERENCE)}
    return {"tags": [TAG], "operationId": name, "summary": summary, "responses": answers, **more}
